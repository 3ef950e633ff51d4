// Whatever a program and a network do, in whatever order: a ReconnectingWebSocket does not stick, has one connection at a time,
// and sends what it has taken, once and in order. RUNS and SEED make more of it, and the same again.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { ReconnectingWebSocket } from 'isosocket/engine';

import { fakeClass, listen, takeTime } from './reconnecting/fake.mjs';
import { settle } from './reconnecting/stage.mjs';

const RUNS = Number(process.env.RUNS ?? 300);
const SEED = process.env.SEED ? Number(process.env.SEED) : undefined;

const { CONNECTING, OPEN, CLOSING, CLOSED } = ReconnectingWebSocket;
const EVENTS = ['open', 'message', 'error', 'close', 'reconnecting', 'shouldReconnect', 'url', 'keepAlive'];

const call = fc.oneof(
  { weight: 4, arbitrary: fc.constant('send') },
  { weight: 1, arbitrary: fc.constantFrom('close', 'reconnect') },
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ call }) },
  { weight: 4, arbitrary: fc.record({ network: fc.constantFrom('open', 'receive', 'end', 'leave', 'answer', 'refuse') }) },
  { weight: 3, arbitrary: fc.record({ pass: fc.constantFrom(0, 1, 99, 100, 1000, 5000) }) },
  // What a handler does, once.
  { weight: 2, arbitrary: fc.record({ on: fc.constantFrom(...EVENTS), call: fc.constantFrom('send', 'close', 'reconnect') }) },
);
const scenario = fc.record({
  steps: fc.array(step, { maxLength: 60 }),
  asks: fc.boolean(),
  options: fc.record({
    maxRetries: fc.constantFrom(0, 1, 2, Infinity),
    connectionTimeout: fc.constantFrom(100, 2000),
    minUptime: fc.constantFrom(1, 1000),
    keepAlive: fc.constantFrom(undefined, { interval: 1000, timeout: 100 }),
    startClosed: fc.boolean(),
  }),
});

test('any program over any network', async (t) => {
  const { pass } = takeTime(t);
  await fc.assert(fc.asyncProperty(scenario, (given) => run(given, pass)), { numRuns: RUNS, seed: SEED });
});

async function run({ steps, asks, options }, pass) {
  const Fake = fakeClass();
  /** What answers the program's functions for the URL that were called. */
  const questions = [];
  /** What the program does when it is asked for something, once. */
  const answers = { shouldReconnect: [], url: [], keepAlive: [] };
  const answer = (name) => answers[name].length > 0 && act(answers[name].shift());
  const ask = () => {
    answer('url');
    return new Promise((answer, refuse) => { questions.push({ answer, refuse }); });
  };
  const shouldReconnect = ({ code }) => {
    answer('shouldReconnect');
    return code === 1006;
  };
  const message = () => {
    answer('keepAlive');
    return 'ping';
  };
  const keepAlive = options.keepAlive && { message, ...options.keepAlive };
  const socket = new ReconnectingWebSocket(asks ? ask : 'ws://h/', [], { WebSocket: Fake, shouldReconnect, ...options, keepAlive });
  const { log } = listen(socket);
  const handlers = new AbortController();
  /** What is to have been sent, and what is to wait. */
  const sent = [];
  let waiting = [];
  let count = 0;
  /** It is closed, or has ended. */
  let hasEnded = false;
  const end = () => {
    waiting = [];
    hasEnded = true;
  };
  socket.addEventListener('close', () => socket.readyState === CLOSED && end());

  const isOpen = () => Fake.last?.readyState === OPEN;
  const act = (name) => {
    if (name === 'send') {
      count += 1;
      if (isOpen()) sent.push(`${count}`);
      else if (!hasEnded) waiting.push(`${count}`);
      socket.send(`${count}`);
    } else if (name === 'close') {
      if (isOpen()) sent.push(...waiting);
      end();
      socket.close();
    } else {
      hasEnded = false;
      socket.reconnect();
    }
  };
  const open = () => {
    Fake.last.open();
    if (!isOpen()) return;
    sent.push(...waiting);
    waiting = [];
  };
  const happen = (what) => {
    const state = Fake.last?.readyState;
    if (what === 'answer') questions.at(-1)?.answer('ws://h/');
    else if (what === 'refuse') questions.at(-1)?.refuse(new Error('no'));
    else if (what === 'open' && state === CONNECTING) open();
    else if (what === 'receive' && state === OPEN) Fake.last.receive('x');
    // The peer has begun to close.
    else if (what === 'leave' && state === OPEN) Fake.last.readyState = CLOSING;
    else if (what === 'end' && state < CLOSED) Fake.last.end();
  };

  for (const { call, network, pass: time, on } of steps) {
    if (on in answers) answers[on].push(call);
    else if (on) socket.addEventListener(on, () => act(call), { once: true, signal: handlers.signal });
    else if (call) act(call);
    else if (network) happen(network);
    else pass(time);
    await settle();
    const alive = Fake.made.filter(({ readyState }) => readyState <= OPEN);
    assert.ok(alive.length <= 1 && alive.every((fake) => fake === Fake.last), 'there is more than one connection');
    assert.equal(socket.readyState === OPEN && isOpen(), isOpen(), 'there is a connection that nobody has');
    if (socket.readyState >= CLOSING) assert.equal(alive.length, 0, 'there is a connection after the end');
  }
  const ends = log.filter((line) => /^(open|close)/.test(line)).map((line) => line.startsWith('open'));
  assert.ok(ends.every((isOpening, index) => !(isOpening && ends[index - 1])), 'a connection came, and the one before had not gone');
  handlers.abort();
  for (const asked of Object.values(answers)) asked.length = 0;

  // By itself it comes to a connection or to an end, and can be begun anew there.
  for (let turn = 0; turn < 4 && !isOpen(); turn += 1) {
    if (Fake.last?.readyState === CLOSING) Fake.last.end();
    if (socket.readyState === CLOSED) act('reconnect');
    happen('answer');
    await settle();
    happen('open');
    if (!isOpen()) pass(30_000);
    await settle();
  }
  assert.equal(socket.readyState, OPEN, 'it sticks');
  assert.deepEqual(Fake.made.flatMap((fake) => fake.sent).filter((data) => data !== 'ping'), sent);
  assert.deepEqual(waiting, []);
  socket.close();
}
