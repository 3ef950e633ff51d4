'use strict';

// What no program should do and every host has to survive

section('hostile', () => {
  /** Steps that throw what hosts take for granted here; see host/node.mjs. */
  const throw_on_purpose = () => { throw new Error('thrown on purpose'); };

  // ---- conversions that do something else ----

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const told = story(socket);
    socket.send({ toString() { socket.close(); return 'abc'; } });
    assert_equals(socket.readyState, WebSocket.CLOSING);
    assert_equals(socket.bufferedAmount, 3);
    assert_array_equals(await told, ['close 1005 "" clean']);
  }, 'the conversion of a message closes the socket');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const echoes = messages(socket, 2);
    socket.send({ toString() { socket.send('inner'); return 'outer'; } });
    assert_array_equals(await echoes, ['inner', 'outer']);
  }, 'the conversion of a message sends another');

  promise_test(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/report?id=${id}`);
    socket.close(3000, { toString() { socket.close(4000, 'inner'); return 'outer'; } });
    assert_equals(await reported(t, id), 'clean 4000 inner');
  }, 'the conversion of a reason closes the socket');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const told = story(socket);
    assert_throws_dom('InvalidAccessError', () => socket.close({ valueOf() { socket.close(1000); return 1; } }));
    assert_array_equals(await told, ['close 1000 "" clean']);
  }, 'the conversion of a code that is none closes the socket');

  promise_test(async (t) => {
    const inner = [];
    const url = { toString() { inner.push(connect(t, '/send?text=inner')); return address('/send?text=outer'); } };
    const outer = open_socket(t, url);
    assert_array_equals(await Promise.all([message(outer), message(inner[0])]), ['outer', 'inner']);
  }, 'the conversion of an address makes another socket');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = { toString() { socket.binaryType = 'arraybuffer'; return 'nonsense'; } };
    assert_equals(socket.binaryType, 'arraybuffer');
  }, 'the conversion of a binaryType sets it');

  // ---- memory that goes ----

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer, 2, 4);
    const data_view = new DataView(buffer, 1, 2);
    detach(buffer);
    const echoes = messages(socket, 3);
    for (const data of [buffer, view, data_view]) socket.send(data);
    assert_equals(socket.bufferedAmount, 0);
    assert_array_equals((await echoes).map(({ byteLength }) => byteLength), [0, 0, 0]);
  }, 'a buffer without memory is a message without bytes');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const { buffer } = Uint8Array.of(1, 2, 3);
    const echo = echoed(socket, buffer);
    detach(buffer);
    assert_equals(socket.bufferedAmount, 3);
    assert_array_equals(await bytes_of(await echo), [1, 2, 3]);
  }, 'a buffer that loses its memory after the call is sent');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const first = await echoed(socket, Uint8Array.of(1, 2, 3));
    detach(first);
    assert_array_equals(await bytes_of(await echoed(socket, Uint8Array.of(4, 5))), [4, 5]);
  }, 'a message\'s memory can be taken away');

  // ---- handlers that misbehave ----

  promise_test(async (t) => {
    const socket = connect(t, '/order');
    const log = [];
    for (const type of ['open', 'message', 'close']) {
      socket.addEventListener(type, throw_on_purpose);
      socket[`on${type}`] = throw_on_purpose;
      socket.addEventListener(type, () => log.push(type));
    }
    await next(socket, 'close');
    assert_array_equals(log, ['open', 'message', 'message', 'message', 'close']);
  }, 'listeners that throw keep nothing from the others');

  promise_test(async (t) => {
    const socket = connect(t, '/status?code=404');
    socket.onerror = throw_on_purpose;
    assert_equals((await next(socket, 'close')).code, 1006);
  }, 'close is fired after a handler of error that throws');

  for (const type of ['open', 'message', 'error', 'close']) {
    promise_test(async (t) => {
      const path = type === 'error' ? '/status?code=404' : '/order';
      const socket = connect(t, path);
      const told = story(socket);
      socket.addEventListener(type, () => {
        socket.close();
        socket.close(4000, 'again');
      });
      const events = {
        open: ['open', 'close 1000 "done" clean'],
        message: ['open', 'message one', 'close 1000 "done" clean'],
        error: FAILURE,
        close: ['open', 'message one', 'message two', 'message three', 'close 1000 "done" clean'],
      };
      assert_array_equals(await told, events[type]);
    }, `a handler of ${type} closes`);

    promise_test(async (t) => {
      const path = type === 'error' ? '/status?code=404' : '/order';
      const socket = connect(t, path);
      const sent = [];
      socket.addEventListener(type, () => {
        socket.send('from a handler');
        sent.push(socket.bufferedAmount);
      });
      await next(socket, 'close');
      assert_equals(sent.length, type === 'message' ? 3 : 1);
      assert_true(sent[0] >= 'from a handler'.length);
    }, `a handler of ${type} sends`);
  }

  promise_test(async (t) => {
    const socket = connect(t, '/burst?count=3');
    const log = [];
    let depth = 0;
    socket.addEventListener('message', (event) => {
      log.push(`${event.data} at ${depth}`);
      if (depth === 2) return;
      depth += 1;
      socket.dispatchEvent(new MessageEvent('message', { data: event.data }));
      depth -= 1;
    });
    await messages(socket, 9);
    assert_array_equals(log, ['0', '1', '2'].flatMap((data) => [`${data} at 0`, `${data} at 1`, `${data} at 2`]));
  }, 'a handler fires events at its own socket');

  promise_test(async (t) => {
    const outer = await connected(t, '/echo');
    const inner = message(outer).then(async () => {
      const socket = await connected(t, '/echo');
      return echoed(socket, 'inner');
    });
    outer.send('outer');
    assert_equals(await inner, 'inner');
  }, 'a handler opens another connection');

  promise_test(async (t) => {
    const sockets = [];
    const last = new Promise((resolve) => {
      const again = () => {
        if (sockets.length === 20) return resolve();
        const socket = open_socket(t, SUITE.refused);
        sockets.push(socket);
        socket.onclose = again;
      };
      again();
    });
    await last;
    for (const socket of sockets) assert_equals(socket.readyState, WebSocket.CLOSED);
  }, 'a handler of close connects again, and again');

  // ---- objects that were tampered with ----

  /** Puts something in the place of a property for as long as the steps take. */
  async function replaced(object, name, descriptor, steps) {
    const own = Object.getOwnPropertyDescriptor(object, name);
    Object.defineProperty(object, name, { configurable: true, ...descriptor });
    try {
      return await steps();
    } finally {
      if (own) Object.defineProperty(object, name, own);
      else delete object[name];
    }
  }

  const tampered = [
    ['EventTarget\'s dispatchEvent', EventTarget.prototype, 'dispatchEvent'],
    ['the socket class\'s dispatchEvent', WebSocket.prototype, 'dispatchEvent'],
    ['Array\'s push', Array.prototype, 'push'],
    ['Map\'s get', Map.prototype, 'get'],
    ['String\'s toWellFormed', String.prototype, 'toWellFormed'],
    ['Promise\'s then', Promise.prototype, 'then'],
  ];
  for (const [name, object, property] of tampered) {
    promise_test((t) => {
      // Nothing of the suite's own is used before the property is back.
      const { promise, settle: done } = settled_from_outside();
      const original = Object.getOwnPropertyDescriptor(object, property);
      const socket = open_socket(t, address('/echo'));
      const restore = () => {
        if (original) Object.defineProperty(object, property, original);
        else delete object[property];
      };
      t.add_cleanup(restore);
      socket.onopen = () => {
        Object.defineProperty(object, property, { configurable: true, writable: true, value: throw_on_purpose });
        socket.send('x');
      };
      socket.onmessage = ({ data }) => {
        restore();
        done(data);
      };
      return promise.then((data) => assert_equals(data, 'x'));
    }, `${name} throws`);
  }

  function settled_from_outside() {
    let settle;
    const promise = new Promise((resolve) => { settle = resolve; });
    return { promise, settle };
  }

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    for (const name of ['readyState', 'send', 'close', 'binaryType', 'bufferedAmount', 'dispatchEvent', 'onmessage']) {
      Object.defineProperty(socket, name, { value: throw_on_purpose, configurable: true });
    }
    const { send, close } = WebSocket.prototype;
    const echo = message(socket);
    send.call(socket, 'x');
    assert_equals(await echo, 'x');
    close.call(socket);
    for (const name of Object.getOwnPropertyNames(socket)) delete socket[name];
    assert_true((await next(socket, 'close')).wasClean);
  }, 'a socket\'s own properties are not what the host looks at');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    Object.setPrototypeOf(socket, EventTarget.prototype);
    const { send, close } = WebSocket.prototype;
    const echo = message(socket);
    send.call(socket, 'x');
    assert_equals(await echo, 'x');
    const closed = next(socket, 'close');
    close.call(socket);
    assert_true((await closed).wasClean);
    assert_equals(socket.readyState, undefined);
    Object.setPrototypeOf(socket, WebSocket.prototype);
    assert_equals(socket.readyState, WebSocket.CLOSED);
  }, 'a socket without its prototype is a socket');

  promise_test(async (t) => {
    const global = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
    const socket = await connected(t, '/echo');
    delete globalThis.WebSocket;
    try {
      assert_equals(await echoed(socket, 'x'), 'x');
    } finally {
      Object.defineProperty(globalThis, 'WebSocket', global);
    }
  }, 'a socket outlives its class\'s name');

  for (const name of ['Event', 'MessageEvent', 'CloseEvent', 'Blob']) {
    promise_test(async (t) => {
      const socket = connect(t, '/order');
      const told = story(socket);
      await replaced(globalThis, name, { writable: true, value: throw_on_purpose }, () => told);
      assert_array_equals(await told, ['open', 'message one', 'message two', 'message three', 'close 1000 "done" clean']);
    }, `the global ${name} is something else`);
  }

  // ---- many ----

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const count = 3000;
    const echoes = messages(socket, count);
    for (let index = 0; index < count; index += 1) socket.send(index % 2 === 0 ? '' : new ArrayBuffer(0));
    assert_equals((await echoes).filter((data) => data === '').length, count / 2);
  }, 'thousands of empty messages');

  promise_test(async (t) => {
    // From a server that answers, the answer may have come already where a browser's network is, in another process.
    const sockets = Array.from({ length: 30 }, () => connect(t, '/silent'));
    const closed = sockets.map((socket) => next(socket, 'close'));
    for (const socket of sockets) socket.close();
    for (const event of await Promise.all(closed)) assert_equals(event.code, 1006);
  }, 'many sockets are closed while they connect');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    let calls = 0;
    for (let index = 0; index < 1000; index += 1) socket.addEventListener('message', () => { calls += 1; });
    await echoed(socket, 'x');
    assert_equals(calls, 1000);
  }, 'a thousand listeners');
});
