import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { END, TASKS } from '../dist/flags.js';
import { CLOSE as CLOSE_TASK, NONE } from '../dist/kinds.js';
import { loadModule } from '../dist/host/module-file.js';
import { Session } from '../dist/wasm/isosocket_engine.js';
import { stackPointers } from './memories.mjs';

const trap = () => { throw new WebAssembly.RuntimeError('unreachable'); };

/** The members that need no memory: they do not trap. */
const HARMLESS = [
  'constructor', 'free', '__destroy_into_raw', 'ready_state', 'buffered_amount', 'backlog', 'has_room', 'find_aside', 'heard',
  'deadline', 'output_start', 'output_length', 'begin_turn', 'task_start', 'task_length', 'task_failed', 'task_code', 'task_was_clean',
  'batch_count', 'batch_places', 'end_batch', 'hold', 'release',
];
const MEMBERS = Object.entries(Object.getOwnPropertyDescriptors(Session.prototype)).filter(([name]) => !HARMLESS.includes(name));

/** Those that trap. */
const trapping = new Set();
// Before the package takes them.
for (const [name, descriptor] of MEMBERS) {
  const kind = descriptor.get ? 'get' : 'value';
  const call = descriptor[kind];
  descriptor[kind] = function called(...parameters) {
    return trapping.has(name) ? trapLikeWasm() : Reflect.apply(call, this, parameters);
  };
  Object.defineProperty(Session.prototype, name, descriptor);
}

/** What the frames of the engine have on its stack when it traps. */
const FRAMES = 1024;

function trapLikeWasm() {
  stackPointers[0].value -= FRAMES;
  trap();
}

/** Lets these members trap as long as the function runs. */
function withTraps(names, run) {
  for (const name of names) trapping.add(name);
  try {
    return run();
  } finally {
    trapping.clear();
  }
}

const { createSession, loadEngine } = await import('../dist/engine.js');
const { stillborn } = await import('../dist/mortal-session.js');
const { streamThatHoldsBack, WAYS } = await import('./holding.mjs');
const { interfacesOver, STAYS } = await import('./network.mjs');

loadEngine(loadModule);

const sessionWith = (apply, died = () => {}) => createSession({ authority: 'host.test', resource: '/', protocols: [], headers: [] }, apply, 0, died);

test('one that dies as it is made says so, and ends', () => {
  let told = 0;
  const session = sessionWith(trap, () => { told += 1; });
  assert.deepEqual([told, session.ready_state, session.poll(0)], [1, 0, END | TASKS]);
  assert.deepEqual([session.next_task(), session.task_failed(), session.task_code()], [CLOSE_TASK, true, 1006]);
  assert.deepEqual([session.ready_state, session.poll(0), session.next_task()], [3, END, NONE]);
});

test('one that dies when it has told of its end does not do it again', () => {
  const session = sessionWith(() => {});
  session.lost('broken', 0);
  assert.equal(session.next_task(), CLOSE_TASK);
  const flags = withTraps(['poll'], () => session.poll(0));
  assert.deepEqual([flags, session.ready_state, session.next_task()], [END, 3, NONE]);
});

test('what the engine throws by itself is for the program', () => {
  assert.throws(() => sessionWith(() => {}).reserve(1), { name: 'InvalidStateError' });
  for (const error of [new TypeError('of the program'), new RangeError('of the program'), null]) {
    assert.throws(() => sessionWith(() => { throw error; }), (thrown) => thrown === error);
  }
});

test('a dead one has all members of one that lives', () => {
  const dead = stillborn(new WebAssembly.RuntimeError(), () => {});
  const own = ['constructor', 'free', '__destroy_into_raw'];
  const missing = Object.getOwnPropertyNames(Session.prototype).filter((name) => !own.includes(name) && !(name in dead));
  assert.deepEqual(missing, []);
});

/** Where nothing can be sent yet, that is what is thrown. */
const CONNECTING = ['reserve', 'ping'];

/** Lets a session trap in this member. */
function kill(session, name) {
  const call = () => Reflect.get(session, name)?.call?.(session);
  if (CONNECTING.includes(name)) assert.throws(() => withTraps([name], call), { name: 'InvalidStateError' });
  else withTraps([name], call);
}

describe('a trap throws nothing, is told of once, and is the end of its session', () => {
  for (const [name] of MEMBERS) {
    test(name, () => {
      let told = 0;
      const session = sessionWith(() => {}, () => { told += 1; });
      kill(session, name);
      assert.equal(told, 1);
      if (name !== 'next_task') assert.equal(session.next_task(), CLOSE_TASK);
      assert.deepEqual([session.ready_state, session.poll(0), session.next_task()], [3, END, NONE]);
    });
  }
});

test('traps leave the stack to the other sessions', () => {
  let told = 0;
  const other = sessionWith(() => {}, () => { told += 1; });
  // More than all of the stack.
  for (let count = 0; count < 2048; count += 1) kill(sessionWith(() => {}), MEMBERS[count % MEMBERS.length][0]);
  assert.equal(other.connecting(0) & END, 0);
  other.lost('broken', 0);
  assert.deepEqual([other.next_task(), other.ready_state, told], [CLOSE_TASK, 3, 0]);
  assert.match(other.failure, /broken/);
});

/** The events of a socket, with its state. */
function logOf(socket) {
  const log = [];
  const closed = new Promise((resolve) => {
    for (const type of ['open', 'message', 'error', 'close']) {
      socket.addEventListener(type, () => {
        log.push(`${type} ${socket.readyState}`);
        if (type === 'close') resolve(log);
      });
    }
  });
  return { log, closed };
}

const { WebSocket, ping } = interfacesOver(() => STAYS, () => {}, { headers: ['Sec-WebSocket-Protocol: chat'] });

async function open() {
  const socket = new WebSocket('ws://host.test/', 'chat');
  await new Promise((resolve) => { socket.onopen = resolve; });
  return socket;
}

describe('a dead one is to the program as one whose connection has failed', () => {
  test('it shows what it has shown until the task of the end', async () => {
    const socket = await open();
    const { closed } = logOf(socket);
    socket.send('\u00e9');
    withTraps(['send_bytes_on'], () => socket.send(new Uint8Array(5)));
    socket.send('abc');
    socket.send(new Blob(['x']));
    const attributes = () => [socket.bufferedAmount, socket.protocol];
    assert.deepEqual([socket.readyState, ...attributes()], [1, 11, 'chat']);
    assert.deepEqual(await closed, ['error 3', 'close 3']);
    assert.deepEqual(attributes(), [11, 'chat']);
    socket.send('abc');
    assert.deepEqual(attributes(), [14, 'chat']);
  });

  for (const [name, message, length] of [
    ['send_text_on', 'abc', 3],
    ['send_text', '\u00e9'.repeat(10_000), 20_000],
    ['reserve', new Uint8Array(20_000), 20_000],
    ['fill', new Uint8Array(20_000), 20_000],
  ]) {
    test(`it counts the message in whose ${name} it dies`, async () => {
      const socket = await open();
      const { closed } = logOf(socket);
      withTraps([name], () => socket.send(message));
      assert.deepEqual([socket.readyState, socket.bufferedAmount], [1, length]);
      assert.deepEqual(await closed, ['error 3', 'close 3']);
    });
  }

  test('it checks what it is given, and can be closed', async () => {
    const socket = await open();
    const { closed } = logOf(socket);
    withTraps(['poll', 'send_text_on'], () => socket.send('x'));
    assert.throws(() => socket.close(1), { name: 'InvalidAccessError' });
    assert.throws(() => socket.close(1000, 'x'.repeat(124)), { name: 'SyntaxError' });
    assert.throws(() => ping(socket, 'x'.repeat(126)), RangeError);
    assert.equal(socket.readyState, 1);
    ping(socket);
    socket.close(1000, 'x'.repeat(123));
    assert.equal(socket.readyState, 2);
    assert.deepEqual(await closed, ['error 3', 'close 3']);
    socket.close();
    assert.equal(socket.readyState, 3);
  });

  test('it is still connecting', async () => {
    const socket = withTraps(['connecting'], () => new WebSocket('ws://host.test/', 'chat'));
    const { closed } = logOf(socket);
    assert.equal(socket.readyState, 0);
    for (const message of ['x', new Uint8Array(1), new Blob(['x'])]) {
      assert.throws(() => socket.send(message), { name: 'InvalidStateError' });
    }
    assert.throws(() => ping(socket), { name: 'InvalidStateError' });
    assert.deepEqual(await closed, ['error 3', 'close 3']);
  });

  for (const [name, send] of Object.entries(WAYS)) {
    test(`a stream reads what was held back, ${name}, and its write is rejected`, async (t) => {
      const { stream, readable, writer } = await streamThatHoldsBack(t, send);
      trapping.add('send_text_on');
      t.after(() => trapping.clear());
      await assert.rejects(writer.write('lost'), { name: 'InvalidStateError' });
      const reader = readable.getReader();
      assert.deepEqual(await reader.read(), { done: false, value: 'first' });
      assert.deepEqual(await reader.read(), { done: false, value: 'second' });
      await assert.rejects(reader.read(), { name: 'WebSocketError', closeCode: 1006 });
      await assert.rejects(stream.closed, { name: 'WebSocketError', closeCode: 1006 });
    });
  }
});
