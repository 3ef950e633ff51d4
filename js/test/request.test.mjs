import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, describe, test } from 'node:test';

import { headersFor, isBadPort, portOf, requestTargetOf } from '../src/request.js';

const url = (string) => new URL(string);

test("the port is the URL's or its scheme's", () => {
  assert.equal(portOf(url('ws://h')), 80);
  assert.equal(portOf(url('wss://h')), 443);
  assert.equal(portOf(url('wss://h:80')), 80);
  assert.equal(portOf(url('ws://h:0')), 0);
});

test('bad ports end where the list says', () => {
  const bad = Array.from({ length: 65536 }, (_, port) => port).filter(isBadPort);
  assert.equal(bad.length, 83);
  assert.deepEqual([bad[0], bad.at(-1)], [0, 10080]);
  for (const port of [80, 443, 8080, 6663, 6670]) assert.ok(!isBadPort(port));
});

test('the ports that are blocked are those of ws-native', () => {
  const source = readFileSync(new URL('../../ws-native/src/policy/bad_port.rs', import.meta.url), 'utf8');
  const [, list] = /BAD_PORTS: \[u16; 83\] = \[([^\]]+)\]/.exec(source);
  const theirs = list.match(/\d+/g).map(Number);
  assert.equal(theirs.length, 83);
  assert.deepEqual(Array.from({ length: 65536 }, (_, port) => port).filter(isBadPort), theirs);
});

test('Host has brackets and no default port; a query that is empty is not sent', () => {
  assert.deepEqual(requestTargetOf(url('ws://[::1]:80/a?b')), { authority: '[::1]', resource: '/a?b' });
  assert.deepEqual(requestTargetOf(url('wss://H.example:8443')), { authority: 'h.example:8443', resource: '/' });
  assert.deepEqual(requestTargetOf(url('ws://h/a?')), { authority: 'h', resource: '/a' });
});

describe('headers', () => {
  afterEach(() => { delete globalThis.location; });

  test('are those of the program, trimmed', () => {
    assert.deepEqual(headersFor(url('ws://h'), [['Cookie', ' a=b\t'], ['X', '\r\n\u00ff\r\n']]), ['Cookie', 'a=b', 'X', '\u00ff']);
  });

  test('credentials in the URL authenticate', () => {
    assert.deepEqual(headersFor(url('ws://us%C3%A9r:p%3Ass@h'), []), ['Authorization', 'Basic dXPDqXI6cDpzcw==']);
    assert.deepEqual(headersFor(url('ws://u@h'), []), ['Authorization', 'Basic dTo=']);
    assert.deepEqual(headersFor(url('ws://%ff@h'), []), ['Authorization', 'Basic /zo=']);
    assert.deepEqual(headersFor(url('ws://u:p@h'), [['AUTHORIZATION', 'Bearer x']]), ['AUTHORIZATION', 'Bearer x']);
  });

  test('Origin is that of the location, where the host has one', () => {
    globalThis.location = new URL('https://example.org/page');
    assert.deepEqual(headersFor(url('ws://h'), []), ['Origin', 'https://example.org']);
    assert.deepEqual(headersFor(url('ws://h'), [['origin', 'https://other.example']]), ['origin', 'https://other.example']);
    globalThis.location = new URL('data:,');
    assert.deepEqual(headersFor(url('ws://h'), []), []);
  });

  test('Origin is that of the option, where the program gives both', () => {
    const given = [['ORIGIN', 'https://a.example'], ['X', 'y'], ['origin', 'https://b.example']];
    assert.deepEqual(headersFor(url('ws://h'), given, 'https://c.example'), ['X', 'y', 'Origin', 'https://c.example']);
    assert.deepEqual(headersFor(url('ws://h'), given.slice(0, 2)), ['ORIGIN', 'https://a.example', 'X', 'y']);
  });

  test('what would break the request is a TypeError', () => {
    for (const header of [['', 'a'], ['a b', 'c'], ['a:', 'b'], ['a', 'b\r\nc: d'], ['a', 'b\nc'], ['a', 'b\0c'], ['a', 'b\x1f'], ['a', '\x7f']]) {
      assert.throws(() => headersFor(url('ws://h'), [header]), TypeError);
    }
    for (const name of ['Host', 'upgrade', 'Connection', 'Sec-WebSocket-Key', 'sec-websocket-protocol', 'Content-Length', 'Transfer-Encoding']) {
      assert.throws(() => headersFor(url('ws://h'), [[name, 'a']]), TypeError);
    }
  });
});
