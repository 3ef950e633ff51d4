import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, node } from './world.mjs';

const { URL } = await load('url');

for (const [whose, Class] of [['ours', URL], ["Node's", node.URL]]) {
  test(`${whose}: has the parts of what is parsed`, () => {
    const url = new Class('../c?d=e#f', 'https://user:pass@example.com:8080/a/b');
    assert.equal(url.href, 'https://user:pass@example.com:8080/c?d=e#f');
    assert.deepEqual(
      [url.origin, url.protocol, url.username, url.password, url.host],
      ['https://example.com:8080', 'https:', 'user', 'pass', 'example.com:8080'],
    );
    assert.deepEqual(
      [url.hostname, url.port, url.pathname, url.search, url.hash], ['example.com', '8080', '/c', '?d=e', '#f'],
    );
    assert.equal(String(url), url.href);
    assert.equal(JSON.stringify({ url }), `{"url":"${url.href}"}`);
  });

  test(`${whose}: what is no URL throws a TypeError`, () => {
    assert.throws(() => new Class(), TypeError);
    assert.throws(() => new Class('/relative'), TypeError);
    assert.throws(() => new Class('x', 'y'), TypeError);
    assert.equal(Class.canParse('x', 'y'), false);
    assert.equal(Class.canParse('x', 'https://h'), true);
    assert.equal(Class.canParse('https://h', undefined), true);
    assert.throws(() => Class.canParse(), TypeError);
  });

  test(`${whose}: the parts can be set, and what is not valid changes nothing`, () => {
    const url = new Class('https://h/');
    url.protocol = 'http';
    url.username = 'u';
    url.password = 'p w';
    url.hostname = 'example.org';
    url.port = '81';
    url.pathname = 'a b';
    url.search = 'c=d';
    url.hash = 'e';
    assert.equal(url.href, 'http://u:p%20w@example.org:81/a%20b?c=d#e');
    url.host = 'other:82';
    url.port = 'x';
    url.protocol = 'mailto';
    url.search = '';
    url.hash = '';
    assert.equal(url.href, 'http://u:p%20w@other:82/a%20b');
    url.href = 'ws://h/?x';
    assert.equal(url.search, '?x');
    assert.throws(() => {
      url.href = 'nothing';
    }, TypeError);
    assert.equal(url.href, 'ws://h/?x');
  });

  test(`${whose}: searchParams and search are the same query`, () => {
    const url = new Class('https://h/?a=1&b=%20');
    const { searchParams } = url;
    assert.equal(url.searchParams, searchParams);
    assert.deepEqual([...searchParams], [['a', '1'], ['b', ' ']]);
    searchParams.append('c', '&=+');
    assert.equal(url.search, '?a=1&b=+&c=%26%3D%2B');
    url.search = '?x=y';
    assert.deepEqual([...searchParams], [['x', 'y']]);
    url.href = 'https://h/?z';
    assert.deepEqual([...searchParams], [['z', '']]);
    searchParams.delete('z');
    assert.equal(url.href, 'https://h/');
  });
}

// Node 20 has no URL.parse.
test('parse() gives null for what is no URL', () => {
  assert.equal(URL.parse('x', 'https://h/').href, 'https://h/x');
  assert.ok(URL.parse('https://h') instanceof URL);
  assert.equal(URL.parse('x'), null);
  assert.throws(() => URL.parse(), TypeError);
});

test('has the shape that Web IDL gives it', () => {
  checkInterface(assert, URL, new URL('https://h'), { length: 1, lengths: {} });
  for (const name of ['parse', 'canParse']) {
    const { enumerable, value } = Object.getOwnPropertyDescriptor(URL, name);
    assert.deepEqual([enumerable, value.length], [true, 1]);
  }
});
