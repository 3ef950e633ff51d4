// What a console shows of the objects.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';

import { CloseEvent, ReconnectingWebSocket, WebSocket, WebSocketError, WebSocketStream } from 'isosocket/engine';

import { eventsOf } from './peer.mjs';

/** Nobody listens there, and fetch has it blocked. */
const NOWHERE = 'ws://127.0.0.1:1/';

const shown = (object, options = {}) => inspect(object, { breakLength: Infinity, ...options });

describe('in Node', () => {
  test('a WebSocket, before its end and after', async () => {
    const socket = new WebSocket(NOWHERE);
    const others = "bufferedAmount: 0, extensions: '', protocol: '', binaryType: 'blob' }";
    assert.equal(shown(socket), `WebSocket { url: 'ws://127.0.0.1:1/', readyState: 0, ${others}`);
    await eventsOf(socket);
    assert.equal(shown(socket), `WebSocket { url: 'ws://127.0.0.1:1/', readyState: 3, ${others}`);
  });

  test('no password, but the attribute has it', () => {
    const socket = new WebSocket('ws://user:secret@127.0.0.1:1/');
    assert.match(shown(socket), /url: 'ws:\/\/user:\*\*\*@127\.0\.0\.1:1\/'/);
    assert.equal(socket.url, 'ws://user:secret@127.0.0.1:1/');
    assert.doesNotMatch(shown(new ReconnectingWebSocket('ws://user:secret@127.0.0.1:1/', [], { maxRetries: 0 })), /secret/);
    assert.doesNotMatch(shown(new WebSocketStream('ws://user:secret@127.0.0.1:1/')), /secret/);
    assert.match(shown(new WebSocket('ws://user@127.0.0.1:1/')), /url: 'ws:\/\/user@127\.0\.0\.1:1\/'/);
  });

  test('a subclass, with what it adds', () => {
    class Chat extends WebSocket {
      room = 7;
    }
    assert.match(shown(new Chat(NOWHERE)), /^Chat \{ url: .*, binaryType: 'blob', room: 7 \}$/);
  });

  test('nothing but the name below the depth', () => {
    assert.equal(shown({ socket: new WebSocket(NOWHERE) }, { depth: 0 }), '{ socket: [WebSocket] }');
  });

  test('the message of an error also below the depth', () => {
    assert.match(shown({ error: new WebSocketError('gone') }, { depth: 0 }), /WebSocketError: gone/);
  });

  test('what refers back to it once, and no getter that a program has added', () => {
    const socket = Object.assign(new WebSocket(NOWHERE), { session: {}, room: {} });
    Object.assign(socket.session, { socket });
    Object.assign(socket.room, { members: [socket] });
    Object.defineProperty(socket, 'costly', { enumerable: true, get: () => assert.fail('it was called') });
    const { length } = shown({ socket }, { depth: null });
    assert.match(shown({ socket }, { depth: null }), /session: \{ socket: \[Circular\] \}, room: \{ members: \[ \[Circular\] \] \}, costly: \[Getter\]/);
    assert.ok(length < 1000, `${length} characters`);
  });

  test('a ReconnectingWebSocket over a class whose URL is none', () => {
    class Relative extends EventTarget {
      url = '/chat';
      readyState = 0;
      close() {}
    }
    assert.match(shown(new ReconnectingWebSocket('ws://h/', [], { WebSocket: Relative, maxRetries: 0 })), /url: '\/chat'/);
  });

  test('a WebSocketStream, with how far its promises are', () => {
    const stream = new WebSocketStream(NOWHERE);
    // The runner of tests marks promises.
    assert.match(shown(stream), /^WebSocketStream \{ url: 'ws:\/\/127\.0\.0\.1:1\/', opened: Promise \{ <pending>.* \}, closed: Promise \{ <pending>.* \} \}$/);
  });

  test('a ReconnectingWebSocket, also one that has not begun', () => {
    const socket = new ReconnectingWebSocket(NOWHERE, [], { startClosed: true });
    const others = "bufferedAmount: 0, extensions: '', protocol: '', binaryType: 'blob', retryCount: 0 }";
    assert.equal(shown(socket), `ReconnectingWebSocket { url: '', readyState: 3, ${others}`);
  });

  test('a CloseEvent', () => {
    const event = new CloseEvent('close', { code: 4000, reason: 'why' });
    assert.equal(shown(event), "CloseEvent { type: 'close', code: 4000, reason: 'why', wasClean: false }");
  });

  test('a WebSocketError, behind where it comes from', () => {
    const lines = shown(new WebSocketError('gone', { closeCode: 3000, reason: 'why' })).split('\n');
    assert.equal(lines[0], 'WebSocketError: gone');
    assert.match(lines.at(-1), /^ {4}at .* \{ closeCode: 3000, reason: 'why' \}$/);
    assert.match(shown({ error: new WebSocketError('gone') }), /closeCode: null, reason: ''/);
  });

  test('a prototype, whose attributes nobody has', () => {
    for (const { name, prototype } of [WebSocketStream, ReconnectingWebSocket, WebSocket]) assert.match(shown(prototype), new RegExp(name));
  });

  test('it is nothing that a program enumerates', () => {
    for (const { prototype } of [WebSocket, WebSocketStream, WebSocketError, ReconnectingWebSocket]) {
      for (const symbol of Object.getOwnPropertySymbols(prototype)) assert.equal(Object.getOwnPropertyDescriptor(prototype, symbol).enumerable, false);
    }
  });
});

describe('alike elsewhere', () => {
  const root = path.dirname(import.meta.dirname);
  const binary = (name) => {
    const file = path.join(import.meta.dirname, 'hosts', 'node_modules', '.bin', name);
    if (!existsSync(file)) throw new Error(`${file} is missing: run 'scripts/setup node'`);
    return file;
  };
  const SOCKET = '{ url: ws://user:***@127.0.0.1:1/?a=b, readyState: 0, bufferedAmount: 0, extensions: , protocol: , binaryType: blob';
  const EXPECTED = [
    `WebSocket ${SOCKET} }`,
    `{ chat: Chat ${SOCKET}, room: 7 } }`,
    'WebSocketStream { url: ws://user:***@127.0.0.1:1/?a=b, opened: Promise { <pending> }, closed: Promise { <pending> } }',
    'ReconnectingWebSocket { url: , readyState: 3, bufferedAmount: 0, extensions: , protocol: , binaryType: blob, retryCount: 0 }',
    'WebSocket {}',
    'WebSocketError: gone { closeCode: 3000, reason: why }',
  ].join(' ');

  for (const [name, parameters] of [['bun', []], ['deno', ['run', '--no-prompt', '--allow-net', '--allow-read', '--allow-env', '--allow-sys']]]) {
    test(`in ${name}`, () => {
      const program = path.join(import.meta.dirname, 'hosts', 'inspected.mjs');
      const output = execFileSync(binary(name), [...parameters, program, path.join(root, 'dist', `${name}.js`)], {
        encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' },
      });
      // Each breaks and quotes in its own way, and Deno says where an error comes from.
      assert.equal(output.replace(/^ +at .*?(?=\{|$)/gm, '').replace(/["']/g, '').replace(/\s+/g, ' ').replace(/,? \}/g, ' }').trim(), EXPECTED);
    });
  }
});
