'use strict';

// https://websockets.spec.whatwg.org/#dom-websocket-websocket

section('constructor', () => {
  test(() => {
    assert_throws_js(TypeError, () => WebSocket(address('/echo')));
  }, 'it is no function to be called without new');

  test(() => {
    assert_throws_js(TypeError, () => new WebSocket());
  }, 'an address is required');

  test((t) => {
    const socket = connect(t, '/echo');
    assert_equals(socket.readyState, 0, 'readyState');
    assert_equals(socket.bufferedAmount, 0, 'bufferedAmount');
    assert_equals(socket.extensions, '', 'extensions');
    assert_equals(socket.protocol, '', 'protocol');
    assert_equals(socket.binaryType, 'blob', 'binaryType');
    for (const name of ['onopen', 'onmessage', 'onerror', 'onclose']) assert_equals(socket[name], null, name);
  }, 'the attributes of a new socket');

  test((t) => {
    const socket = connect(t, '/echo');
    assert_true(socket instanceof WebSocket);
    assert_true(socket instanceof EventTarget);
    assert_equals(Object.getPrototypeOf(socket), WebSocket.prototype);
    assert_equals(socket.constructor, WebSocket);
  }, 'what it makes is a WebSocket and an EventTarget');

  promise_test(async (t) => {
    let synchronous = true;
    const socket = connect(t, '/echo');
    const opened = new Promise((resolve) => { socket.onopen = () => resolve(synchronous); });
    synchronous = false;
    assert_false(await opened);
  }, 'the connection is established later');

  promise_test(async (t) => {
    let synchronous = true;
    const socket = open_socket(t, SUITE.refused);
    const failed = new Promise((resolve) => { socket.onerror = () => resolve(synchronous); });
    assert_equals(socket.readyState, WebSocket.CONNECTING);
    synchronous = false;
    assert_false(await failed);
  }, 'that there is no server is found out later');

  test((t) => {
    const url = { toString: () => address('/echo') };
    assert_equals(open_socket(t, url).url, address('/echo'));
  }, 'an address is converted to a string');

  test((t) => {
    assert_equals(open_socket(t, new URL(address('/echo'))).url, address('/echo'));
  }, 'a URL object is an address');

  test((t) => {
    assert_equals(open_socket(t, [address('/echo')]).url, address('/echo'));
  }, 'an array of one address is converted to that address');

  test((t) => {
    const base = SUITE.page.replace('http:', 'ws:');
    assert_equals(open_socket(t, undefined).url, `${base}undefined`);
    assert_equals(open_socket(t, null).url, `${base}null`);
  }, 'undefined and null are words like others');

  test(() => {
    assert_throws_js(TypeError, () => new WebSocket(Symbol('ws')));
  }, 'a symbol is no address');

  test(() => {
    const thrown = new Error('no address');
    const url = { toString() { throw thrown; } };
    assert_throws_exactly(thrown, () => new WebSocket(url));
  }, 'what the conversion of an address throws is passed on');

  test(() => {
    const thrown = new Error('no protocols');
    const protocols = { [Symbol.iterator]() { throw thrown; } };
    assert_throws_exactly(thrown, () => new WebSocket('ftp://127.0.0.1/', protocols));
  }, 'both arguments are converted before any is looked at');

  test((t) => {
    const order = [];
    const url = { toString() { order.push('url'); return address('/echo'); } };
    const protocol = { toString() { order.push('protocol'); return 'a'; } };
    const protocols = { *[Symbol.iterator]() { order.push('protocols'); yield protocol; } };
    open_socket(t, url, protocols);
    assert_array_equals(order, ['url', 'protocols', 'protocol']);
  }, 'arguments are converted from left to right, and once');

  test(() => {
    const thrown = thrown_by(() => new WebSocket('ftp://127.0.0.1/', 'not a token'));
    assert_equals(thrown.name, 'SyntaxError');
    assert_equals(thrown.code, 12);
    assert_true(thrown instanceof DOMException);
    assert_true(thrown instanceof Error);
    assert_false(thrown instanceof SyntaxError);
  }, 'misuse is a DOMException and not an error of the language');

  test((t) => {
    class Chat extends WebSocket {
      constructor(room) {
        super(address(`/echo?${room}`));
        this.room = room;
      }
      get isChat() { return true; }
    }
    const chat = new Chat('a');
    t.add_cleanup(() => chat.close());
    assert_true(chat instanceof Chat && chat instanceof WebSocket);
    assert_equals(chat.url, address('/echo?a'));
    assert_equals(chat.room, 'a');
    assert_true(chat.isChat);
  }, 'a class may extend it');

  test((t) => {
    function Other() {}
    Other.prototype = Object.create(EventTarget.prototype);
    const socket = Reflect.construct(WebSocket, [address('/echo')], Other);
    t.add_cleanup(() => WebSocket.prototype.close.call(socket));
    assert_equals(Object.getPrototypeOf(socket), Other.prototype);
    assert_false(socket instanceof WebSocket);
    const { get } = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'url');
    assert_equals(get.call(socket), address('/echo'));
  }, 'the prototype is that of the new target');

  promise_test(async (t) => {
    const sockets = await Promise.all(['a', 'b', 'c'].map((name) => connected(t, `/echo?${name}`)));
    const echoes = sockets.map((socket, index) => echoed(socket, `message ${index}`));
    assert_array_equals(await Promise.all(echoes), ['message 0', 'message 1', 'message 2']);
  }, 'sockets to one server know nothing of each other');

  test((t) => {
    assert_equals(connect(t, '/echo', [], 'more', 42).url, address('/echo'));
  }, 'more arguments mean nothing');

  test(() => {
    let made = 0;
    class Counting extends WebSocket {
      constructor(...parameters) {
        super(...parameters);
        made += 1;
      }
    }
    assert_throws_dom('SyntaxError', () => new Counting('ws://127.0.0.1/#'));
    assert_equals(made, 0);
  }, 'there is no object when it throws');
});
