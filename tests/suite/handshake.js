'use strict';

// The opening handshake: https://websockets.spec.whatwg.org/#websocket-opening-handshake

section('handshake', () => {
  // ---- the request ----

  promise_test(async (t) => {
    const { get, all } = await request(t, '/head');
    assert_equals(get('Upgrade').toLowerCase(), 'websocket');
    assert_true(get('Connection').split(',').some((token) => token.trim().toLowerCase() === 'upgrade'));
    assert_array_equals(all('Sec-WebSocket-Version'), ['13']);
  }, 'it asks for an upgrade to version 13');

  promise_test(async (t) => {
    const keys = [];
    for (let round = 0; round < 3; round += 1) {
      const { all } = await request(t, '/head');
      assert_equals(all('Sec-WebSocket-Key').length, 1);
      keys.push(...all('Sec-WebSocket-Key'));
    }
    // Sixteen bytes in Base64.
    for (const key of keys) assert_true(/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key), key);
    assert_equals(new Set(keys).size, 3);
  }, 'the key is of sixteen bytes, and another one each time');

  promise_test(async (t) => {
    const { all } = await request(t, '/head');
    assert_array_equals(all('Host'), [new URL(SUITE.server).host]);
  }, 'Host has the port');

  promise_test(async (t) => {
    const { all } = await request(t, '/head');
    assert_array_equals(all('Origin'), [new URL(SUITE.page).origin]);
  }, 'Origin is that of the page');

  promise_test(async (t) => {
    const { all } = await request(t, '/head');
    assert_true(all('Sec-WebSocket-Extensions').join().startsWith('permessage-deflate'));
  }, 'compression is offered');

  promise_test(async (t) => {
    const socket = await connected(t, '/handshake?add=Sec-WebSocket-Extensions:%20permessage-deflate');
    assert_equals(socket.extensions, 'permessage-deflate');
  }, 'extensions are those that the server has accepted');

  promise_test(async (t) => {
    const { all } = await request(t, '/head');
    assert_array_equals(all('Cache-Control'), ['no-cache']);
    assert_array_equals(all('Pragma'), ['no-cache']);
  }, 'it is not to be answered from a cache');

  promise_test(async (t) => {
    const { all } = await request(t, '/head');
    for (const name of ['Referer', 'Content-Length', 'Content-Type', 'Transfer-Encoding', 'Authorization']) {
      assert_array_equals(all(name), [], name);
    }
  }, 'it tells nothing of the page, and has no body');

  // ---- answers that fail ----

  /** An answer that accepts these extensions. */
  function extended(extensions) {
    return `/handshake?add=${encodeURIComponent(`Sec-WebSocket-Extensions: ${extensions}`)}`;
  }

  const failing = [
    ['the status 200', '/status?code=200'],
    ['the status 204', '/status?code=204'],
    ['the status 400', '/status?code=400'],
    ['the status 403', '/status?code=403'],
    ['the status 404', '/status?code=404'],
    ['the status 407', '/status?code=407'],
    ['the status 426', '/status?code=426'],
    ['the status 500', '/status?code=500'],
    ['the status 503', '/status?code=503'],
    ['a redirect by 301', '/status?code=301'],
    ['a redirect by 302', '/status?code=302'],
    ['a redirect by 303', '/status?code=303'],
    ['a redirect by 307', '/status?code=307'],
    ['a redirect by 308', '/status?code=308'],
    ['no answer at all', '/abort'],
    ['what is not HTTP', '/garbage'],
    ['a header that does not end', '/endless'],
    ['a wrong Sec-WebSocket-Accept', '/accept'],
    ['no Sec-WebSocket-Accept', '/handshake?without=Sec-WebSocket-Accept'],
    ['an empty Sec-WebSocket-Accept', '/handshake?without=Sec-WebSocket-Accept&add=Sec-WebSocket-Accept:'],
    ['no Upgrade', '/handshake?without=Upgrade'],
    ['another Upgrade', '/handshake?without=Upgrade&add=Upgrade:%20h2c'],
    ['no Connection', '/handshake?without=Connection'],
    ['another Connection', '/handshake?without=Connection&add=Connection:%20keep-alive'],
    ['a right answer with the status 200', '/handshake?status=HTTP/1.1%20200%20OK&add=Content-Length:%200'],
    ['an extension that was not offered', extended('x-unknown')],
    ['an extension with a parameter it does not have', extended('permessage-deflate; unknown')],
    ['an extension with a parameter twice', extended('permessage-deflate; server_max_window_bits=9; server_max_window_bits=9')],
    ['an extension twice', extended('permessage-deflate, permessage-deflate')],
    ['a window too large', extended('permessage-deflate; server_max_window_bits=16')],
  ];
  for (const [name, path] of failing) {
    promise_test(async (t) => assert_array_equals(await story_of(t, path), FAILURE), `it fails: ${name}`);
  }

  promise_test(async (t) => {
    assert_array_equals(await story(open_socket(t, SUITE.refused)), FAILURE);
  }, 'it fails: nobody listens');

  promise_test(async (t) => {
    assert_array_equals(await story(open_socket(t, `${SUITE.bad}/echo`)), FAILURE);
  }, 'it fails: a port that is for something else, though a server listens');

  for (const port of [0, 1, 25, 6000]) {
    promise_test(async (t) => {
      assert_array_equals(await story(open_socket(t, `ws://127.0.0.1:${port}/`)), FAILURE);
    }, `it fails: the bad port ${port}`);
  }

  promise_test(async (t) => {
    const socket = connect(t, '/status?code=404');
    await next(socket, 'close');
    assert_equals(socket.protocol, '');
    assert_equals(socket.extensions, '');
    assert_equals(socket.url, address('/status?code=404'));
  }, 'a failure leaves the attributes as they were');

  promise_test(async (t) => {
    for (let round = 0; round < 3; round += 1) {
      assert_array_equals(await story_of(t, '/status?code=404'), FAILURE);
      assert_equals(await echoed(await connected(t, '/echo'), 'well'), 'well');
    }
  }, 'a failure has no bearing on the next connection');

  // ---- answers that are right ----

  const right = [
    ['Upgrade in another case', '/handshake?without=Upgrade&add=upgrade:%20WebSocket'],
    ['Connection in another case', '/handshake?without=Connection&add=CONNECTION:%20upgrade'],
    ['Connection as a list', '/handshake?without=Connection&add=Connection:%20keep-alive,%20Upgrade'],
    ['no space after the colon', '/handshake?without=Upgrade&add=Upgrade:websocket'],
    ['spaces and tabs around a value', '/handshake?without=Upgrade&add=Upgrade:%20%09websocket%20%09'],
    ['headers that mean nothing here', '/handshake?add=Server:%20test%0D%0ADate:%20today%0D%0AX-Empty:'],
    ['another reason phrase', '/handshake?status=HTTP/1.1%20101%20Come%20in'],
    ['an empty reason phrase', '/handshake?status=HTTP/1.1%20101%20'],
  ];
  for (const [name, path] of right) {
    promise_test(async (t) => {
      const socket = connect(t, path);
      await next(socket, 'open');
      assert_equals(await echoed(socket, 'x'), 'x');
    }, `it succeeds: ${name}`);
  }

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    assert_equals(socket.extensions, '');
    assert_false(Reflect.set(socket, 'extensions', 'x'));
    assert_equals(socket.extensions, '');
  }, 'extensions is empty where the server has accepted none, and cannot be set');

  promise_test(async (t) => {
    const told = await story_of(t, frames('8101 61 8101 62 8802 03e8'));
    assert_array_equals(told, ['open', 'message a', 'message b', 'close 1000 "" clean']);
  }, 'frames may come with the last byte of the answer');

  promise_test(async (t) => {
    const sockets = Array.from({ length: 10 }, (_, index) => connect(t, `/send?text=${index}`));
    const texts = await Promise.all(sockets.map((socket) => message(socket)));
    assert_array_equals(texts, Array.from({ length: 10 }, (_, index) => String(index)));
  }, 'ten connections to one server are made, one after the other or at once');

  promise_test(async (t) => {
    const waiting = connect(t, '/silent');
    waiting.close();
    assert_equals(await echoed(await connected(t, '/echo'), 'x'), 'x');
  }, 'a connection that was given up stands in nobody\'s way');

  // ---- basic authentication ----

  // Each has another user: a client may remember the password of one.
  const authorized = [
    ['user and password', 'user:pass', 'Basic dXNlcjpwYXNz'],
    ['a user without a password', 'alone', 'Basic YWxvbmU6'],
    ['a password without a user', ':pass', 'Basic OnBhc3M='],
    ['an escaped colon and at sign', 'us%40er:pa%3Ass', 'Basic dXNAZXI6cGE6c3M='],
    ['what is not ASCII, as UTF-8', 'us%C3%A9r:p', 'Basic dXPDqXI6cA=='],
  ];
  for (const [name, credentials, expected] of authorized) {
    promise_test(async (t) => {
      const path = `/authorize?expect=${encodeURIComponent(expected)}`;
      const socket = open_socket(t, address(path).replace('ws://', `ws://${credentials}@`));
      assert_equals(await echoed((await next(socket, 'open')).target, 'x'), 'x');
    }, `the address authenticates: ${name}`);
  }

  promise_test(async (t) => {
    const { get } = await request(t, '/head');
    assert_equals(get('Host'), new URL(SUITE.server).host);
    const socket = open_socket(t, address('/authorize?expect=Basic%20eDp5').replace('ws://', 'ws://wrong:wrong@'));
    assert_array_equals(await story(socket), FAILURE);
  }, 'it fails: wrong credentials');
});
