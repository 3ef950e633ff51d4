// A session of the engine that may die: where the engine has no memory left it traps. The call throws, and leaves the session
// half done: it cannot be called any more, and what it has of the memory is lost. A dead one, which holds nothing, takes its place.

import { END, TASKS } from './flags.js';
import { CLOSE, NONE } from './kinds.js';
import { Session } from './wasm/isosocket_engine.js';

/** The host's own, whatever a program puts in its place. */
const { RuntimeError } = WebAssembly;

const CLOSING = 2;
const CLOSED = 3;

const nothing = () => {};

/** A session whose calls do not trap. */
export class MortalSession extends Session {
  /** Whether the task of the end has run. */
  isOver = false;
  /** Called when it has died, in the call in which it does: it is to be polled. */
  died = nothing;

  // Each has a function of its own, for these are called for each message.

  receive(chunk, now) {
    try {
      return super.receive(chunk, now);
    } catch (error) {
      return bury(this, error).receive();
    }
  }

  set_aside(least) {
    try {
      return super.set_aside(least);
    } catch (error) {
      return bury(this, error).set_aside();
    }
  }

  poll(now) {
    try {
      return super.poll(now);
    } catch (error) {
      return bury(this, error).poll();
    }
  }

  next_task() {
    try {
      const kind = super.next_task();
      this.isOver ||= kind === CLOSE;
      return kind;
    } catch (error) {
      return bury(this, error).next_task();
    }
  }

  send_text_on(desk, length) {
    try {
      return super.send_text_on(desk, length);
    } catch (error) {
      return bury(this, error).send_text_on();
    }
  }

  send_bytes_on(desk, length) {
    try {
      return super.send_bytes_on(desk, length);
    } catch (error) {
      return bury(this, error).send_bytes_on();
    }
  }
}

/** The others that need memory. */
const OTHERS = [
  'connecting', 'connected', 'end', 'lost', 'timeout', 'task_reason', 'send_text', 'send_blob', 'blob_read', 'blob_failed', 'close',
  'ping', 'terminate', 'output_taken', 'transmitted', 'extensions', 'protocol', 'failure',
];

for (const name of OTHERS) {
  const descriptor = Object.getOwnPropertyDescriptor(Session.prototype, name);
  const kind = descriptor.get ? 'get' : 'value';
  const call = descriptor[kind];
  descriptor[kind] = function mortal(...parameters) {
    try {
      return Reflect.apply(call, this, parameters);
    } catch (error) {
      const dead = bury(this, error)[name];
      return kind === 'get' ? dead : Reflect.apply(dead, this, []);
    }
  };
  Object.defineProperty(MortalSession.prototype, name, descriptor);
}

const zero = () => 0;

/** What there is to do: the stream is to be ended, and the task of the end to be run. */
function flags() {
  return this.isOver ? END : END | TASKS;
}

/** The members of a dead session. */
const DEAD = {
  get ready_state() {
    return this.isOver ? CLOSED : CLOSING;
  },
  next_task() {
    if (this.isOver) return NONE;
    this.isOver = true;
    return CLOSE;
  },
  task_failed: () => true,
  task_code: () => 1006,
  task_reason: () => '',
  task_was_clean: () => false,
  failure: 'the engine could not go on: it has used up its memory, of which it has 4 GiB for a thread, or has a defect',
  buffered_amount: 0,
  backlog: 0,
  extensions: '',
  protocol: '',
  // A message is discarded.
  send_text_on: () => true,
  send_bytes_on: () => true,
  has_room: () => false,
};
for (const name of ['connecting', 'connected', 'receive', 'end', 'lost', 'timeout', 'poll', 'close', 'ping', 'terminate', 'blob_failed']) {
  DEAD[name] = flags;
}
for (const name of ['find_aside', 'set_aside', 'output_start', 'output_length', 'task_start', 'task_length', 'batch_count', 'batch_places']) {
  DEAD[name] = zero;
}
for (const name of [
  'heard', 'deadline', 'output_taken', 'transmitted', 'begin_turn', 'end_batch', 'hold', 'release', 'send_text', 'send_blob', 'blob_read',
]) {
  DEAD[name] = nothing;
}

/** The engine's stack pointer, and where it is when no call is under way: at the top, for what the engine calls does not call it. */
let stackPointer;
let top;

/** To be called before the first session is made. */
export function keepStack(pointer) {
  stackPointer = pointer;
  top = pointer.value;
}

/** Lets a session be dead after a trap. What else the engine throws is for the program. */
function bury(session, error) {
  // A trap leaves it where it was, and the others would have less and less of the stack.
  stackPointer.value = top;
  if (!(error instanceof RuntimeError)) throw error;
  // Whoever has the session has the dead one now.
  Object.setPrototypeOf(session, DEAD);
  session.died();
  return session;
}

/** A session that has died as it was made. */
export const stillborn = (error, died) => bury({ isOver: false, died }, error);
