// A session of the engine that may die: where the engine has no memory left it traps, and where the host's stack overflows, the
// engine is left where it is. The call throws, and leaves the session half done: it cannot be called any more, and what it has of the
// memory is lost. A dead one takes its place, which to the program is one whose connection has failed: it shows what it has shown
// before, until the task of the end has run.

import { END, TASKS } from './flags.js';
import { BINARY, CLOSE as CLOSE_TASK, NONE, OPEN as OPEN_TASK, TEXT } from './kinds.js';
import { CLOSED, CLOSING, CONNECTING } from './ready-state.js';
import { Session } from './wasm/isosocket_engine.js';
import { validateCloseCodeAndReason } from './websocket-error.js';

// The host's own, whatever a program puts in their place.
const { RuntimeError } = WebAssembly;
const { DOMException, RangeError } = globalThis;

const nothing = () => {};

/** The attributes of a session that is new. */
const newAttributes = () => ({ readyState: CONNECTING, bufferedAmount: 0, extensions: '', protocol: '' });

/** A session whose calls do not trap. */
export class MortalSession extends Session {
  /** Called when it has died, in the call in which it does: it is to be polled. */
  died = nothing;
  /** What a dead one goes on to show. */
  shown = newAttributes();

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

  send_text_on(desk, length) {
    try {
      const isDone = super.send_text_on(desk, length);
      if (isDone) this.shown.bufferedAmount += length;
      return isDone;
    } catch (error) {
      return bury(this, error).send_text_on();
    }
  }

  send_bytes_on(desk, length) {
    try {
      const isDone = super.send_bytes_on(desk, length);
      if (isDone) this.shown.bufferedAmount += length;
      return isDone;
    } catch (error) {
      return bury(this, error).send_bytes_on();
    }
  }

  // And these change what a dead one shows.

  next_task() {
    try {
      const kind = super.next_task();
      if (kind !== TEXT && kind !== BINARY) this.shown.readyState = super.ready_state;
      if (kind === OPEN_TASK) {
        this.shown.extensions = super.extensions;
        this.shown.protocol = super.protocol;
      }
      return kind;
    } catch (error) {
      return bury(this, error).next_task();
    }
  }

  begin_turn() {
    try {
      super.begin_turn();
      this.shown.bufferedAmount = super.buffered_amount;
    } catch (error) {
      bury(this, error);
    }
  }

  /** Whether it was done. */
  send_text(text) {
    try {
      super.send_text(text);
      this.shown.bufferedAmount = super.buffered_amount;
      return true;
    } catch (error) {
      return bury(this, error).send_text();
    }
  }

  reserve(size) {
    try {
      const id = super.reserve(size);
      this.shown.bufferedAmount += size;
      return id;
    } catch (error) {
      return bury(this, error).reserve(size);
    }
  }

  close(code, reason, now) {
    try {
      const flags = super.close(code, reason, now);
      this.shown.readyState = super.ready_state;
      return flags;
    } catch (error) {
      return bury(this, error).close(code, reason);
    }
  }
}

/** The others that need memory. */
const OTHERS = [
  'connecting', 'connected', 'end', 'lost', 'timeout', 'task_reason', 'fill', 'cannot_fill', 'ping', 'terminate', 'output_taken',
  'transmitted', 'extensions', 'protocol', 'failure',
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

const no = () => false;
const zero = () => 0;

/** What there is to do: the stream is to be ended, and the task of the end to be run. */
function flags() {
  return this.shown.readyState === CLOSED ? END : END | TASKS;
}

/** What the engine throws for what can be sent when the socket is open. */
function requireNotConnecting(session) {
  if (session.shown.readyState === CONNECTING) throw new DOMException('the socket is still connecting', 'InvalidStateError');
}

/** The members of a dead session. */
const DEAD = {
  get ready_state() {
    return this.shown.readyState;
  },
  get buffered_amount() {
    return this.shown.bufferedAmount;
  },
  get extensions() {
    return this.shown.extensions;
  },
  get protocol() {
    return this.shown.protocol;
  },
  next_task() {
    if (this.shown.readyState === CLOSED) return NONE;
    this.shown.readyState = CLOSED;
    return CLOSE_TASK;
  },
  task_failed: () => true,
  task_code: () => 1006,
  task_reason: () => '',
  task_was_clean: no,
  failure: 'the engine could not go on: it has used up its memory, of which it has 4 GiB for a thread, or has a defect',
  // Nothing finds room any more: what a stream writes waits, and is lost with the end.
  backlog: Infinity,
  has_room: no,
  // The size of a message is reserved then.
  send_text: no,
  send_text_on: no,
  send_bytes_on: no,
  /** Counts a message, and discards it. */
  reserve(size) {
    requireNotConnecting(this);
    this.shown.bufferedAmount += size;
  },
  ping() {
    requireNotConnecting(this);
    return this.poll();
  },
  close(code, reason = '') {
    validateCloseCodeAndReason(code, reason);
    this.shown.readyState = Math.max(this.shown.readyState, CLOSING);
    return this.poll();
  },
};
for (const name of ['connecting', 'connected', 'receive', 'end', 'lost', 'timeout', 'poll', 'terminate', 'cannot_fill']) {
  DEAD[name] = flags;
}
for (const name of ['find_aside', 'set_aside', 'output_start', 'output_length', 'task_start', 'task_length', 'batch_count', 'batch_places']) {
  DEAD[name] = zero;
}
for (const name of ['heard', 'deadline', 'output_taken', 'transmitted', 'begin_turn', 'end_batch', 'hold', 'release', 'fill']) {
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

/**
 * Whether a call of the engine has not come to its end: by a trap, by an overflow of the host's stack; or because one that the
 * host has broken off before, where that was not seen, still has the session.
 */
const isBrokenOff = (error) =>
  error instanceof RuntimeError || error instanceof RangeError || /^recursive use of an object/.test(error?.message);

/** Lets a session be dead after a call that has not come to its end. What else the engine throws is for the program. */
function bury(session, error) {
  // It is left where it was, and the others would have less and less of the stack.
  stackPointer.value = top;
  if (!isBrokenOff(error)) throw error;
  // Whoever has the session has the dead one now.
  Object.setPrototypeOf(session, DEAD);
  session.died();
  return session;
}

/** A session that has died as it was made. */
export const stillborn = (error, died) => bury({ died, shown: newAttributes() }, error);
