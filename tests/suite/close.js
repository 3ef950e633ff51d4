'use strict';

// https://websockets.spec.whatwg.org/#dom-websocket-close: its arguments

section('close()', () => {
  /** The states a socket can be in, each with a way to get there. */
  const states = {
    connecting: async (t) => connect(t, '/silent'),
    open: (t) => connected(t, '/echo'),
    closing: async (t) => {
      const socket = await connected(t, '/echo');
      socket.close();
      return socket;
    },
    closed: async (t) => {
      const socket = connect(t, '/close?code=1000');
      await next(socket, 'close');
      return socket;
    },
  };

  const refusedCodes = [
    0, 1, 999, 999.4, 1001, 1002, 1004, 1005, 1006, 1015, 2999, 2999.4, 5000, 65535, 65536, 66536, 1e20, Infinity, -1, -1000,
    -Infinity, NaN, null, true, '', 'normal', '1001', [], [1001], {},
  ];
  for (const code of refusedCodes) {
    promise_test(async (t) => {
      const socket = await connected(t, '/echo');
      assert_throws_dom('InvalidAccessError', () => socket.close(code));
      assert_equals(socket.readyState, WebSocket.OPEN);
      assert_equals(await echoed(socket, 'still there'), 'still there');
    }, `no code: ${in_words(code)}`);
  }

  for (const [code, sent] of [
    [1000, 1000], [3000, 3000], [3001, 3001], [3999, 3999], [4000, 4000], [4999, 4999], ['3000', 3000], [[4000], 4000],
    [{ valueOf: () => 4001 }, 4001], [1000.4, 1000], [1000.5, 1000], [4998.5, 4998], [4999.4, 4999], ['0xFA0', 4000],
    ['  4000\n', 4000],
  ]) {
    promise_test(async (t) => {
      const id = unique_id();
      const socket = await connected(t, `/report?id=${id}`);
      socket.close(code);
      const event = await next(socket, 'close');
      assert_equals(event.code, sent);
      assert_equals(await reported(t, id), `clean ${sent} `);
    }, `a code: ${in_words(code)}${typeof code === 'object' ? ' (object)' : ''}`);
  }

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    assert_throws_js(TypeError, () => socket.close(1000n));
    assert_throws_js(TypeError, () => socket.close(Symbol('1000')));
    assert_throws_js(TypeError, () => socket.close(1000, Symbol('bye')));
    const thrown = new Error('from valueOf()');
    assert_throws_exactly(thrown, () => socket.close({ valueOf() { throw thrown; } }));
    assert_throws_exactly(thrown, () => socket.close(1, { toString() { throw thrown; } }), 'conversions come first');
    assert_equals(socket.readyState, WebSocket.OPEN);
  }, 'what cannot be converted closes nothing');

  promise_test(async (t) => {
    const order = [];
    const socket = await connected(t, '/echo');
    socket.close({ valueOf() { order.push('code'); return 1000; } }, { toString() { order.push('reason'); return ''; } });
    assert_array_equals(order, ['code', 'reason']);
  }, 'arguments are converted from left to right, and once');

  // ---- reasons ----

  for (const [name, reason] of [
    ['the empty string', ''], ['123 bytes', 'x'.repeat(123)], ['123 bytes of longer characters', '€'.repeat(41)],
    ['123 bytes of surrogate pairs', `${'😀'.repeat(30)}abc`], ['control characters', 'a\0b\n'],
    ['a byte order mark', '\uFEFFa'],
  ]) {
    promise_test(async (t) => {
      const id = unique_id();
      const socket = await connected(t, `/report?id=${id}`);
      socket.close(3000, reason);
      assert_equals(await reported(t, id), `clean 3000 ${reason}`);
    }, `a reason: ${name}`);
  }

  for (const [name, reason] of [
    ['124 bytes', 'x'.repeat(124)], ['125 bytes', 'x'.repeat(125)], ['124 bytes of longer characters', `${'€'.repeat(41)}a`],
    ['124 bytes of surrogate pairs', '😀'.repeat(31)], ['lone surrogates, of three bytes each', '\uD800'.repeat(42)],
  ]) {
    promise_test(async (t) => {
      const socket = await connected(t, '/echo');
      assert_throws_dom('SyntaxError', () => socket.close(1000, reason));
      assert_equals(socket.readyState, WebSocket.OPEN);
    }, `no reason: ${name}`);
  }

  for (const [name, given, reason] of [
    ['null', null, 'null'], ['a number', 42, '42'], ['an object', { toString: () => 'bye' }, 'bye'],
    ['a lone surrogate', 'a\uDFFF', 'a\uFFFD'], ['lone surrogates of 123 bytes', '\uD800'.repeat(41), '\uFFFD'.repeat(41)],
  ]) {
    promise_test(async (t) => {
      const id = unique_id();
      const socket = await connected(t, `/report?id=${id}`);
      socket.close(1000, given);
      assert_equals(await reported(t, id), `clean 1000 ${reason}`);
    }, `as a reason: ${name}`);
  }

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    assert_throws_dom('InvalidAccessError', () => socket.close(999, 'x'.repeat(124)));
  }, 'the code is checked before the reason');

  // ---- what is not given ----

  for (const [name, parameters, expected] of [
    ['no argument', [], 'clean 1005 '],
    ['undefined as the code', [undefined], 'clean 1005 '],
    ['undefined twice', [undefined, undefined], 'clean 1005 '],
    ['undefined as the reason', [1000, undefined], 'clean 1000 '],
    ['more arguments', [3000, 'bye', 'more'], 'clean 3000 bye'],
  ]) {
    promise_test(async (t) => {
      const id = unique_id();
      const socket = await connected(t, `/report?id=${id}`);
      assert_equals(socket.close(...parameters), undefined);
      assert_true((await next(socket, 'close')).wasClean);
      assert_equals(await reported(t, id), expected);
    }, `the Close frame for ${name}`);
  }

  // ---- in every state ----

  for (const [state, reach] of Object.entries(states)) {
    promise_test(async (t) => {
      const socket = await reach(t);
      const before = socket.readyState;
      assert_throws_dom('InvalidAccessError', () => socket.close(1001));
      assert_throws_dom('SyntaxError', () => socket.close(1000, 'x'.repeat(124)));
      assert_throws_js(TypeError, () => socket.close(Symbol('1000')));
      assert_equals(socket.readyState, before);
    }, `arguments are checked when it is ${state}`);
  }

  for (const state of ['closing', 'closed']) {
    promise_test(async (t) => {
      const socket = await states[state](t);
      const before = socket.readyState;
      assert_equals(socket.close(), undefined);
      assert_equals(socket.close(4000, 'again'), undefined);
      assert_equals(socket.readyState, before);
    }, `it does nothing when it is ${state}`);
  }
});
