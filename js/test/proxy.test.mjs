// What is said to a proxy, byte for byte.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { conversationWith, portOfProxy } from '../src/proxy.js';

const target = { hostname: 'example.org', port: 8080 };
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => Buffer.from(text, 'latin1');

test('the port is that of the scheme, unless the URL has one', () => {
  const ports = ['http://h', 'https://h', 'socks5://h', 'socks5h://h', 'socks5://h:9', 'http://h:8080'].map((url) => portOfProxy(new URL(url)));
  assert.deepEqual(ports, [80, 443, 1080, 1080, 9, 8080]);
});

describe('CONNECT', () => {
  test('asks for the host and its port, and hands over what comes behind the answer', () => {
    const conversation = conversationWith(new URL('http://h'), target);
    assert.equal(Buffer.from(conversation.saying).toString(), 'CONNECT example.org:8080 HTTP/1.1\r\nHost: example.org:8080\r\n\r\n');
    assert.equal(conversation.hear(bytes('HTTP/1.1 200 OK\r\nX: y\r\n\r')), false);
    assert.equal(conversation.hear(bytes('\nrest')), true);
    assert.equal(conversation.saying, undefined);
    assert.equal(Buffer.from(conversation.rest).toString(), 'rest');
  });

  test('sends the name and the password of the URL', () => {
    const conversation = conversationWith(new URL('http://us%20er:p%3Aw@h'), { hostname: '[::1]', port: 1 });
    const said = Buffer.from(conversation.saying).toString();
    assert.match(said, /^CONNECT \[::1\]:1 HTTP\/1\.1\r\n/);
    assert.match(said, /\r\nProxy-Authorization: Basic dXMgZXI6cDp3\r\n/);
  });

  for (const [answer, why] of [
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', /407: .* the option 'proxy'/],
    ['HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n', /302/],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 Bad Gateway\r\n\r\n', /502/],
    ['HTTP/1.1 102 Processing\r\n\r\n'.repeat(700), /endless/],
    ['SSH-2.0-OpenSSH\r\n\r\n', /HTTP/],
    ['x'.repeat(16385), /endless/],
  ]) {
    test(`${JSON.stringify(answer.slice(0, 30))} is a refusal`, () => {
      const conversation = conversationWith(new URL('http://h'), target);
      assert.throws(() => conversation.hear(bytes(answer)), why);
    });
  }

  test('a name and a password that are refused are not asked for', () => {
    const conversation = conversationWith(new URL('http://user:wrong@h'), target);
    assert.throws(() => conversation.hear(bytes('HTTP/1.1 407 No\r\n\r\n')), /the status 407$/);
  });

  test('an interim answer is none, in one piece with the answer and in two', () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 ?\r\nX: y\r\n\r\n';
    const answer = 'HTTP/1.1 200 OK\r\n\r\n';
    const inOne = conversationWith(new URL('http://h'), target);
    assert.equal(inOne.hear(bytes(`${interim}${answer}rest`)), true);
    const inTwo = conversationWith(new URL('http://h'), target);
    assert.equal(inTwo.hear(bytes(interim)), false);
    assert.equal(inTwo.hear(bytes(`${answer}rest`)), true);
    for (const { saying, rest } of [inOne, inTwo]) assert.deepEqual([saying, Buffer.from(rest).toString()], [undefined, 'rest']);
  });

  test('an answer may have 16384 bytes, and no more', () => {
    const head = (length) => `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(length - 24)}\r\n\r\n`;
    assert.equal(head(16384).length, 16384);
    assert.ok(conversationWith(new URL('http://h'), target).hear(bytes(head(16384))));
    assert.equal(conversationWith(new URL('http://h'), target).hear(bytes('x'.repeat(16384))), false);
  });
});

describe('SOCKS 5', () => {
  test('without a name: a greeting, then the host by its name', () => {
    const conversation = conversationWith(new URL('socks5://h'), target);
    assert.equal(hex(conversation.saying), '050100');
    assert.equal(conversation.hear(Buffer.of(5)), false);
    assert.equal(conversation.hear(Buffer.of(0)), true);
    assert.equal(hex(conversation.saying), `050100030b${hex(bytes('example.org'))}1f90`);
    assert.equal(conversation.hear(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0)), false);
    assert.equal(conversation.hear(Buffer.of(80, 0x81)), true);
    assert.deepEqual([conversation.saying, hex(conversation.rest)], [undefined, '81']);
  });

  test('with a name and a password', () => {
    const conversation = conversationWith(new URL('socks5h://ab:c@h'), { hostname: '127.0.0.1', port: 443 });
    assert.equal(hex(conversation.saying), '05020002');
    conversation.hear(Buffer.of(5, 2));
    assert.equal(hex(conversation.saying), '010261620163');
    conversation.hear(Buffer.of(1, 0));
    assert.equal(hex(conversation.saying), '050100017f00000101bb');
  });

  test('an address of version 6, and an answer with a name', () => {
    const addresses = {
      '[::1]': '00000000000000000000000000000001',
      '[2001:db8::a:0:1]': '20010db800000000000000 0a00000001'.replace(' ', ''),
      '[1:2:3:4:5:6:7:8]': '00010002000300040005000600070008',
      '[fe80::]': 'fe800000000000000000000000000000',
    };
    for (const [hostname, expected] of Object.entries(addresses)) {
      const conversation = conversationWith(new URL('socks5://h'), { hostname, port: 1 });
      conversation.hear(Buffer.of(5, 0));
      assert.equal(hex(conversation.saying), `05010004${expected}0001`);
      assert.ok(conversation.hear(Buffer.of(5, 0, 0, 3, 2, 97, 98, 0, 1)));
    }
  });

  for (const [answers, why] of [
    [[[4, 0]], /SOCKS 5/],
    [[[5, 0xff]], /authentication/],
    [[[5, 2], [1, 1]], /name and the password/],
    [[[5, 0], [5, 5]], /a refused connection/],
    [[[5, 0], [5, 99]], /99/],
  ]) {
    test(`${JSON.stringify(answers)} is a refusal`, () => {
      const conversation = conversationWith(new URL('socks5://a:b@h'), target);
      for (const answer of answers.slice(0, -1)) conversation.hear(Buffer.from(answer));
      assert.throws(() => conversation.hear(Buffer.from(answers.at(-1))), why);
    });
  }

  test('the name of a host may have 255 bytes, and no more', () => {
    for (const [length, isRight] of [[255, true], [256, false]]) {
      const conversation = conversationWith(new URL('socks5://h'), { hostname: 'x'.repeat(length), port: 1 });
      if (isRight) conversation.hear(Buffer.of(5, 0));
      else assert.throws(() => conversation.hear(Buffer.of(5, 0)), /too long/);
    }
  });

  test('a name of 255 bytes is sent, and a longer one refused', () => {
    for (const [length, isRight] of [[255, true], [256, false]]) {
      const conversation = conversationWith(new URL(`socks5://${'x'.repeat(length)}:p@h`), target);
      if (isRight) conversation.hear(Buffer.of(5, 2));
      else assert.throws(() => conversation.hear(Buffer.of(5, 2)), /too long/);
    }
  });
});
