'use strict';

// Steps 1 to 7 of the constructor, and the url attribute: https://websockets.spec.whatwg.org/#dom-websocket-url

section('url', () => {
  const port = new URL(SUITE.server).port;
  const page = new URL(SUITE.page);
  const base = `ws://${page.host}`;

  const accepted = [
    ['the path is never empty', `ws://127.0.0.1:${port}`, `ws://127.0.0.1:${port}/`],
    ['path and query are kept', `ws://127.0.0.1:${port}/a/b?c=d&e`, `ws://127.0.0.1:${port}/a/b?c=d&e`],
    ['a query may be empty', `ws://127.0.0.1:${port}/a?`, `ws://127.0.0.1:${port}/a?`],
    ['http becomes ws', `http://127.0.0.1:${port}/echo`, `ws://127.0.0.1:${port}/echo`],
    ['https becomes wss', `https://127.0.0.1:${port}/echo`, `wss://127.0.0.1:${port}/echo`],
    ['schemes and hosts are lowercased', `WS://LOCALHOST:${port}/A`, `ws://localhost:${port}/A`],
    ['HTTP in capitals becomes ws', `HTTP://127.0.0.1:${port}/`, `ws://127.0.0.1:${port}/`],
    ['the default port of ws is left out', 'ws://127.0.0.1:80/', 'ws://127.0.0.1/'],
    ['the default port of wss is left out', 'wss://127.0.0.1:443/', 'wss://127.0.0.1/'],
    ['the default port of http is that of ws', 'http://127.0.0.1:80/', 'ws://127.0.0.1/'],
    ['the default port of https is that of wss', 'https://127.0.0.1:443/', 'wss://127.0.0.1/'],
    ['443 is no default port of ws', 'ws://127.0.0.1:443/', 'ws://127.0.0.1:443/'],
    ['443 is no default port of http', 'http://127.0.0.1:443/', 'ws://127.0.0.1:443/'],
    ['80 is no default port of https', 'https://127.0.0.1:80/', 'wss://127.0.0.1:80/'],
    ['a port may be empty', 'ws://127.0.0.1:/', 'ws://127.0.0.1/'],
    ['a port may begin with zeros', 'ws://127.0.0.1:0000080/', 'ws://127.0.0.1/'],
    ['the highest port', 'ws://127.0.0.1:65535/', 'ws://127.0.0.1:65535/'],
    ['a port that may not be connected to', 'ws://127.0.0.1:0/', 'ws://127.0.0.1:0/'],
    ['user name and password are kept', `ws://user:pass@127.0.0.1:${port}/`, `ws://user:pass@127.0.0.1:${port}/`],
    ['white space around it is dropped', ` \t\nws://127.0.0.1:${port}/ \f\r`, `ws://127.0.0.1:${port}/`],
    ['tabs and line ends within it are dropped', `w\ts://127.0.0.1:${port}/a\nb\rc`, `ws://127.0.0.1:${port}/abc`],
    ['backslashes are slashes', `ws:\\\\127.0.0.1:${port}\\a\\b`, `ws://127.0.0.1:${port}/a/b`],
    ['slashes after the scheme may be missing', `wss:127.0.0.1:${port}/a`, `wss://127.0.0.1:${port}/a`],
    ['dots in the path are resolved', `ws://127.0.0.1:${port}/a/./b/../c/%2e%2E/d`, `ws://127.0.0.1:${port}/a/d`],
    ['an escaped number sign is no fragment', `ws://127.0.0.1:${port}/%23?%23`, `ws://127.0.0.1:${port}/%23?%23`],
    ['what is not ASCII is escaped as UTF-8', `ws://127.0.0.1:${port}/é?ü`, `ws://127.0.0.1:${port}/%C3%A9?%C3%BC`],
    ['spaces in path and query are escaped', `ws://127.0.0.1:${port}/a b?c d`, `ws://127.0.0.1:${port}/a%20b?c%20d`],
    ['lone surrogates are replaced', `ws://127.0.0.1:${port}/\uD800?\uDC00`, `ws://127.0.0.1:${port}/%EF%BF%BD?%EF%BF%BD`],
    ['an IPv4 address as a number', `ws://2130706433:${port}/`, `ws://127.0.0.1:${port}/`],
    ['an IPv4 address in hexadecimal', `ws://0x7F.1:${port}/`, `ws://127.0.0.1:${port}/`],
    ['an IPv6 address is compressed', `ws://[0:0:0:0:0:0:0:1]:${port}/`, `ws://[::1]:${port}/`],
    ['an escaped host is unescaped', `ws://127.0.0.%31:${port}/`, `ws://127.0.0.1:${port}/`],
    ['an absolute path is relative to the page', '/echo', `${base}/echo`],
    ['a relative path is relative to the page', 'echo', `${base}/echo`],
    ['a path cannot leave the root', '../../echo', `${base}/echo`],
    ['a query alone is relative to the page', '?a', `${base}/?a`],
    ['an address without a scheme has the one of the page', `//127.0.0.1:${port}/echo`, `ws://127.0.0.1:${port}/echo`],
    ['the scheme of the page and a path are relative to it', 'http:echo', `${base}/echo`],
  ];
  for (const [name, given, url] of accepted) {
    test((t) => assert_equals(open_socket(t, given).url, url), name);
  }

  const refused = [
    ['ftp is another scheme', 'ftp://127.0.0.1/'],
    ['file is another scheme', 'file:///etc/hosts'],
    ['mailto is another scheme', 'mailto:a@example.org'],
    ['about is another scheme', 'about:blank'],
    ['data is another scheme', 'data:text/plain,a'],
    ['blob is another scheme', `blob:${SUITE.page}a`],
    ['javascript is another scheme', 'javascript:0'],
    ['an unknown scheme is another one', 'wsx://127.0.0.1/'],
    ['a fragment', 'ws://127.0.0.1/#a'],
    ['an empty fragment', 'ws://127.0.0.1/#'],
    ['a fragment right after the host', 'ws://127.0.0.1#'],
    ['a fragment after a query', 'wss://127.0.0.1/?a#b'],
    ['a fragment of an http address', 'http://127.0.0.1/#a'],
    ['a fragment alone', '#a'],
    ['an empty fragment alone', '#'],
    ['no host', 'ws://'],
    ['no host but a port', 'ws://:80/'],
    ['no host but a user', 'ws://user@/'],
    ['a port too high', 'ws://127.0.0.1:65536/'],
    ['a negative port', 'ws://127.0.0.1:-1/'],
    ['a port that is no number', 'ws://127.0.0.1:http/'],
    ['an IPv6 address that does not end', 'ws://[::1/'],
    ['an IPv6 address of too many pieces', 'ws://[1:2:3:4:5:6:7:8:9]/'],
    ['an IPv4 address of a number too high', 'ws://256.256.256.256/'],
    ['a host with a less-than sign', 'ws://a<b/'],
    ['a host with an escaped slash', 'ws://a%2Fb/'],
    ['a host that is no host once unescaped', 'ws://a%00b/'],
  ];
  for (const [name, given] of refused) {
    test(() => assert_throws_dom('SyntaxError', () => new WebSocket(given)), `a SyntaxError: ${name}`);
  }

  test((t) => {
    const socket = connect(t, '/echo');
    assert_false(Reflect.set(socket, 'url', 'ws://127.0.0.1/other'));
    assert_equals(socket.url, address('/echo'));
  }, 'the attribute cannot be set');

  promise_test(async (t) => {
    const socket = connect(t, '/close?code=1000');
    await next(socket, 'open');
    assert_equals(socket.url, address('/close?code=1000'), 'open');
    await next(socket, 'close');
    assert_equals(socket.url, address('/close?code=1000'), 'closed');
  }, 'the attribute is the same from the beginning to the end');

  test((t) => {
    const url = new URL(address('/echo'));
    const socket = open_socket(t, url);
    url.pathname = '/other';
    assert_equals(socket.url, address('/echo'));
  }, 'the attribute does not follow the object it was made from');

  promise_test(async (t) => {
    const { line } = await request(t, '/head?a=b?c&%20%41/é');
    assert_equals(line, 'GET /head?a=b?c&%20%41/%C3%A9 HTTP/1.1');
  }, 'path and query are what is asked for, escapes as they are');

  promise_test(async (t) => {
    const { line } = await request(t, '/head?');
    assert_equals(line.replace('?', ''), 'GET /head HTTP/1.1');
  }, 'a path with an empty query can be asked for');

  promise_test(async (t) => {
    const socket = open_socket(t, address('/send?text=x').replace('ws:', 'http:'));
    assert_equals(await message(socket), 'x');
  }, 'an http address can be connected to');

  promise_test(async (t) => {
    const socket = open_socket(t, `ws://localhost:${port}/send?text=x`);
    assert_equals(await message(socket), 'x');
  }, 'a name can be connected to');
});
