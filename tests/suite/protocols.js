'use strict';

// Steps 8 and 9 of the constructor, and the protocol attribute.

section('protocols', () => {
  /** What is sent as Sec-WebSocket-Protocol. */
  async function offered(t, ...parameters) {
    const socket = connect(t, '/head', ...parameters);
    const head = await message(socket);
    return [...head.matchAll(/^Sec-WebSocket-Protocol: *(.*?)\r$/gim)].map(([, value]) => value);
  }

  const taken = [
    ['no argument', []],
    ['undefined', [undefined]],
    ['an empty array', [[]]],
    ['a set without items', [new Set()]],
  ];
  for (const [name, parameters] of taken) {
    promise_test(async (t) => assert_array_equals(await offered(t, ...parameters), []), `${name} offers none`);
  }

  const TOKEN = '!#$%&\'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~';
  const lists = [
    ['a string is one subprotocol', 'chat', 'chat'],
    ['an array of one', ['chat'], 'chat'],
    ['several are joined in their order', ['b', 'a', 'c'], 'b, a, c'],
    ['a token has all of these characters', TOKEN, TOKEN],
    ['those that differ in case differ', ['a', 'A'], 'a, A'],
    ['any iterable will do', new Set(['a', 'b']), 'a, b'],
    ['a generator will do', (function* generate() { yield 'a'; yield 'b'; })(), 'a, b'],
    ['items are converted to strings', [1, null, undefined, true, { toString: () => 'x' }], '1, null, undefined, true, x'],
    ['a number is a string', 42, '42'],
    ['a boolean is a string', false, 'false'],
    ['a String object is a sequence of characters', new String('abc'), 'a, b, c'],
    ['a function with an iterator is a sequence', Object.assign(() => {}, { *[Symbol.iterator]() { yield 'a'; } }), 'a'],
  ];
  for (const [name, given, header] of lists) {
    promise_test(async (t) => assert_array_equals(await offered(t, given), [header]), name);
  }

  const separators = [...'()<>@,;:\\"/[]?={} \t'];
  for (const character of separators) {
    test(() => {
      assert_throws_dom('SyntaxError', () => new WebSocket(address('/echo'), `a${character}b`));
      assert_throws_dom('SyntaxError', () => new WebSocket(address('/echo'), ['a', character]));
    }, `no token has ${JSON.stringify(character)}`);
  }

  test(() => {
    for (const code of [...Array(0x21).keys(), 0x7f, 0x80, 0xa0, 0xe9, 0xff, 0x100, 0x2028, 0xd800]) {
      const given = `a${String.fromCharCode(code)}`;
      assert_throws_dom('SyntaxError', () => new WebSocket(address('/echo'), given), `U+${code.toString(16)}`);
    }
  }, 'no token has control characters or what is not ASCII');

  const wrong = [
    ['the empty string', ''],
    ['an array with the empty string', ['']],
    ['an empty string among others', ['a', '', 'b']],
    ['one twice', ['a', 'a']],
    ['one twice with others between', ['a', 'b', 'c', 'a']],
    ['two that become the same', ['1', 1]],
    ['a list in a string', 'a, b'],
    ['a space before it', ' a'],
    ['a line end after it', 'a\n'],
    ['an object without an iterator is no list', [{}]],
  ];
  for (const [name, given] of wrong) {
    test(() => assert_throws_dom('SyntaxError', () => new WebSocket(address('/echo'), given)), `a SyntaxError: ${name}`);
  }

  test(() => {
    assert_throws_js(TypeError, () => new WebSocket(address('/echo'), Symbol('a')));
    assert_throws_js(TypeError, () => new WebSocket(address('/echo'), ['a', Symbol('b')]));
  }, 'a symbol is no subprotocol');

  test(() => {
    assert_throws_js(TypeError, () => new WebSocket(address('/echo'), { [Symbol.iterator]: 1 }));
    assert_throws_js(TypeError, () => new WebSocket(address('/echo'), { [Symbol.iterator]: () => 1 }));
    assert_throws_js(TypeError, () => new WebSocket(address('/echo'), { [Symbol.iterator]: () => ({}) }));
  }, 'an iterator that is none is a TypeError');

  test(() => {
    const thrown = new Error('from next()');
    const iterable = { [Symbol.iterator]: () => ({ next() { throw thrown; } }) };
    assert_throws_exactly(thrown, () => new WebSocket(address('/echo'), iterable));
  }, 'what an iterator throws is passed on');

  test(() => {
    const thrown = new Error('from toString()');
    let returned = 0;
    const iterator = {
      next: () => ({ done: false, value: { toString() { throw thrown; } } }),
      return() { returned += 1; return {}; },
    };
    assert_throws_exactly(thrown, () => new WebSocket(address('/echo'), { [Symbol.iterator]: () => iterator }));
    assert_equals(returned, 0);
  }, 'what the conversion of an item throws is passed on, and the iterator is not closed');

  test(() => {
    let asked = 0;
    const protocols = { get [Symbol.iterator]() { asked += 1; return ['a'][Symbol.iterator].bind(['a']); } };
    new WebSocket(address('/echo'), protocols).close();
    assert_equals(asked, 1);
  }, 'the iterator is asked for once');

  test((t) => {
    const protocols = ['a', 'b'];
    const socket = connect(t, '/echo', protocols);
    protocols.push('a', 'not a token');
    assert_equals(socket.readyState, WebSocket.CONNECTING);
  }, 'what becomes of the array afterwards does not matter');

  promise_test(async (t) => {
    const socket = connect(t, '/protocol?pick=b', ['a', 'b', 'c']);
    assert_equals(socket.protocol, '', 'connecting');
    await next(socket, 'open');
    assert_equals(socket.protocol, 'b', 'open');
    const closed = next(socket, 'close');
    socket.close();
    await closed;
    assert_equals(socket.protocol, 'b', 'closed');
  }, 'the attribute is what the server has picked');

  promise_test(async (t) => {
    assert_equals((await connected(t, '/echo')).protocol, '');
  }, 'the attribute is empty where none was offered');

  test((t) => {
    const socket = connect(t, '/echo', 'a');
    assert_false(Reflect.set(socket, 'protocol', 'b'));
    assert_equals(socket.protocol, '');
  }, 'the attribute cannot be set');

  const failing = [
    ['the server picks several', '/protocol?pick=a,%20b', ['a', 'b']],
    ['the server picks twice', '/handshake?add=Sec-WebSocket-Protocol:%20a', ['a', 'b']],
    ['the server picks another one', '/protocol?pick=c', ['a', 'b']],
    ['the server picks it in another case', '/protocol?pick=A', ['a', 'b']],
    ['the server picks the empty string', '/protocol?pick=', ['a']],
  ];
  for (const [name, path, protocols] of failing) {
    promise_test(async (t) => assert_array_equals(await story_of(t, path, protocols), FAILURE), `it fails: ${name}`);
  }
});
