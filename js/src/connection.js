// One connection: a session of the engine, joined to a byte stream of the host, to the clock and to the event loop.

import { Alarm } from './alarm.js';
import { Batch } from './batch.js';
import { contentOf, sizeOf } from './blobs.js';
import { Drainage } from './drainage.js';
import { copyBytes, readText, sendBytes, sendText } from './engine.js';
import { BATCH, END, TASKS, TIMEOUT, TRANSMIT } from './flags.js';
import { Input } from './input.js';
import { BINARY, NONE, OPEN as OPEN_TASK, PONG, TEXT } from './kinds.js';
import { inNamesOfOptions, networkOptions, originOption, refuseNestedTls, turnOption } from './options.js';
import { Output } from './output.js';
import { headersFor, isBadPort, portOf } from './request.js';
import { openRoute } from './route.js';
import { newSession } from './session.js';
import { TaskSource } from './task.js';
import { now, queueMicrotask } from './timers.js';
import { lengthOfBytes } from './webidl.js';

/** What is a reason to run a task. */
const RUN = TASKS | BATCH;

// What becomes of messages.
const DELIVERED = 0;
/** They wait for the program, and the peer has to wait with them. */
const PAUSED = 1;
/** The stream has ended: pause() can hold nobody up any more, so they are delivered in any case. */
const STREAM_OVER = 2;

/** How many bytes may come while tasks wait for their turn. Below that, to stop reading and to start again would cost more. */
const MOST_WAITING = 1048576;

/** The host's own, whatever a program puts in its place. */
const { Blob } = globalThis;

/**
 * Opens the connections of WebSocket and WebSocketStream objects over a host.
 *
 * @param {import('./interfaces.js').Host} host
 */
export const openOver = (host) => (url, init, feedback) => new Connection(host, url, init, feedback);

export class Connection {
  /** How binary messages are handed over. */
  binaryType = 'blob';
  #session;
  #feedback;
  #stream;
  #tasks;
  /** The messages that come before the next task. */
  #batch;
  #input;
  #output;
  /** How many bytes have come while tasks were waiting for their turn. */
  #waiting = 0;
  /** What becomes of messages. */
  #messages = DELIVERED;
  #drainage;
  #alarm;
  #flushing = false;
  /** Whether the buffered amount falls when the next task begins. */
  #transmitted = false;
  #ended = false;
  #giveTurnUp;
  /** Whether the process is to go on as long as the connection does. */
  #keepsAlive = true;

  constructor(host, url, { protocols, headers, dictionary }, feedback) {
    const options = networkOptions(dictionary, host.obeyedOptions);
    const secure = url.protocol === 'wss:';
    if (secure && !host.nestsTls) refuseNestedTls(options);
    const waits = turnOption(dictionary);
    this.#feedback = feedback;
    // Events come in the async context in which the object was made, not in that of whoever sends something or connected before.
    const inContext = host.captureContext();
    this.#alarm = new Alarm(inContext);
    this.#tasks = new TaskSource(() => this.#runTask(), () => this.#readOn(), inContext);
    this.#drainage = new Drainage(() => this.#tasks.wake(), feedback.drained);
    const fields = headersFor(url, headers, originOption(dictionary));
    this.#session = newSession(host.loadModule, url, { protocols, headers: fields, dictionary }, now(), () => this.#flushSoon());
    this.#batch = new Batch(this.#session);
    this.#input = new Input(this.#session, this.#batch);
    this.#output = new Output(this.#session);
    const port = portOf(url);
    // Fetch: if should request be blocked due to a bad port returns blocked, then return a network error.
    if (isBadPort(port)) {
      this.#later(this.#session.lost(`port ${port} is blocked`, now()));
      return;
    }
    const target = { hostname: url.hostname, port, secure };
    const connect = () => inContext(() => this.#connect(host.connect, target, options));
    if (waits) this.#waitForTurn(host.takeTurn, `${url.hostname} ${port}`, connect);
    else connect();
  }

  get readyState() {
    return this.#session.ready_state;
  }

  get bufferedAmount() {
    return this.#session.buffered_amount;
  }

  get backlog() {
    return this.#session.backlog;
  }

  get extensions() {
    return this.#session.extensions;
  }

  get protocol() {
    return this.#session.protocol;
  }

  /** Why the connection failed: for the host program, which may know. */
  get failure() {
    return inNamesOfOptions(this.#session.failure);
  }

  sendText(text) {
    sendText(this.#session, text);
    this.#output.sent(text.length);
    this.#flushSoon();
  }

  sendBytes(bytes) {
    const length = lengthOfBytes(bytes);
    sendBytes(this.#session, bytes, length);
    this.#output.sent(length);
    this.#flushSoon();
  }

  /** The session keeps the message's place in the order while the Blob is read, unless it discards it. */
  sendBlob(blob) {
    const id = this.#session.reserve(sizeOf(blob));
    this.#flushSoon();
    if (id === undefined) return;
    contentOf(blob).then(
      (buffer) => {
        this.#session.fill(id, new Uint8Array(buffer));
        this.#flushSoon();
      },
      () => this.#later(this.#session.cannot_fill(id, now())),
    );
  }

  close(code, reason) {
    this.#later(this.#session.close(code, reason, now()));
    // Nothing was read as long as they were held back: the peer may wait for that.
    if (this.#forgetMessages()) this.#tasks.wake();
  }

  pause() {
    if (this.#messages !== STREAM_OVER) this.#messages = PAUSED;
  }

  resume() {
    if (this.#messages !== STREAM_OVER) this.#messages = DELIVERED;
    if (this.#batch.isOpen) this.#tasks.wake();
  }

  /** Sends a ping of at most 125 bytes. */
  ping(bytes) {
    this.#later(this.#session.ping(bytes, now()));
  }

  /** Ends the connection at once: what is queued is lost. The socket is CLOSING until its close event. */
  terminate() {
    this.#forgetMessages();
    // In this order: if a Close frame of the peer has come that no task has reported yet, close() would end the connection cleanly.
    const flags = this.#session.terminate(now()) | this.#session.close(undefined, undefined, now());
    // At once, also where the session has other tasks first: what the output has taken of it would go out meanwhile.
    this.#leave(() => this.#stream.destroy());
    this.#later(flags);
  }

  ref() {
    this.#keepsAlive = true;
    this.#stream?.ref();
    this.#alarm.ref();
  }

  unref() {
    this.#keepsAlive = false;
    this.#stream?.unref();
    this.#alarm.unref();
  }

  /** Connects when no other socket connects to that place, or when those in front have had the time that this one has. */
  #waitForTurn(takeTurn, place, connect) {
    this.#alarm.set(this.#session.deadline(), () => {
      this.#giveTurnUp();
      connect();
    });
    this.#giveTurnUp = takeTurn(place, connect);
  }

  #connect(connect, target, options) {
    // What is pending goes out when the stream is open.
    const flags = this.#session.connecting(now()) & ~TRANSMIT;
    this.#setAlarm();
    this.#later(flags);
    if (this.#ended) return;
    const events = this.#events();
    try {
      this.#stream = openRoute(connect, target, options, events);
      if (!this.#keepsAlive) this.#stream.unref();
    } catch (error) {
      events.lost(String(error));
    }
  }

  /** What the stream reports. */
  #events() {
    let lose = (cause) => this.#later(this.#session.lost(cause, now()));
    return {
      opened: () => this.#inTask(this.#session.connected(now())),
      received: (chunk) => {
        // A slow handler delays the next read.
        if (this.#tasks.busy && (this.#waiting += chunk.length) >= MOST_WAITING) this.#stream.pause();
        this.#inTask(this.#input.receive(chunk, now()));
      },
      ended: () => {
        // The peer has sent all that it had to send, maybe its Close frame, too. So a later failure to write does not matter.
        lose = () => this.#tasks.wake();
        this.#inTask(this.#session.end(now()));
      },
      lost: (cause) => {
        this.#messages = STREAM_OVER;
        lose(cause);
      },
    };
  }

  /** Does what the session asks for, in a task in which nothing else has run. */
  #inTask(flags) {
    this.#act(flags);
    if (flags & RUN) this.#tasks.run();
  }

  /** Does what the session asks for, while a program is running. */
  #later(flags) {
    this.#act(flags);
    if (flags & RUN) this.#tasks.wake();
  }

  #act(flags) {
    if (flags & BATCH) this.#batch.open();
    if (flags & TIMEOUT) this.#setAlarm();
    if (flags & END) this.#end();
    else if (flags & TRANSMIT) this.#flushSoon();
  }

  /** Runs the next task, if there is one; gives how many are left, or 1 if it is only known that there are some. */
  #runTask() {
    const session = this.#session;
    if (this.#transmitted) {
      this.#transmitted = false;
      session.begin_turn();
    }
    const hasRun = this.#runNextTask();
    // The way of most messages.
    if (hasRun && this.#batch.count > 0) return this.#batch.count;
    if (hasRun) this.#batch.close();
    else this.#drainage.tell();
    // What was received is parsed no further than to the next task, or the end of the messages that are there: there may
    // be something new to do.
    const flags = session.poll(now());
    this.#act(flags);
    if (this.#drainage.isDue) return 1;
    const isHeldBack = this.#batch.isOpen && this.#messages === PAUSED;
    return (flags & RUN) !== 0 && !isHeldBack ? Math.max(1, this.#batch.count) : 0;
  }

  /** Runs the next task: that of a message of the batch, or the session's; says whether there was one. */
  #runNextTask() {
    if (this.#batch.count > 0) {
      if (this.#messages === PAUSED) {
        this.#stream.pause();
        return false;
      }
      const data = this.#readBatch();
      if (data !== undefined) this.#feedback.received(this.#dataForEvent(data));
      return true;
    }
    return this.#runTaskOfSession();
  }

  #runTaskOfSession() {
    const session = this.#session;
    const kind = session.next_task();
    switch (kind) {
      case NONE:
        return false;
      case OPEN_TASK:
        this.#giveTurnUp?.();
        this.#feedback.opened();
        break;
      case TEXT:
      case BINARY: {
        const data = this.#readTask(kind);
        return data === undefined || this.#receive(data);
      }
      case PONG:
        this.#feedback.ponged?.(copyBytes(session.task_start(), session.task_length()).buffer);
        break;
      default:
        this.#giveTurnUp?.();
        this.#feedback.closed({
          failed: session.task_failed(),
          code: session.task_code(),
          reason: session.task_reason(),
          wasClean: session.task_was_clean(),
        });
    }
    return true;
  }

  /** The next message of the batch; undefined if the host cannot make it. */
  #readBatch() {
    try {
      return this.#batch.take();
    } catch (error) {
      return this.#failUnread(error);
    }
  }

  /** The message of a task of this kind; undefined if the host cannot make it. */
  #readTask(kind) {
    const session = this.#session;
    try {
      if (kind === TEXT) return readText(session.task_start(), session.task_length(), false);
      return copyBytes(session.task_start(), session.task_length()).buffer;
    } catch (error) {
      return this.#failUnread(error);
    }
  }

  /** Fails the connection for a message that the host cannot make: text may be longer than any string. */
  #failUnread(error) {
    this.#forgetMessages();
    this.#act(this.#session.lost(`a message is too long for this host: ${error.message}`, now()));
    return undefined;
  }

  /** Hands a message over, or holds it back and lets the peer wait; says which. */
  #receive(data) {
    if (this.#messages === PAUSED) {
      this.#batch.add(data);
      this.#stream.pause();
      return false;
    }
    this.#feedback.received(this.#dataForEvent(data));
    return true;
  }

  /** Drops the messages that were not handed over: a socket that is not open fires no events for them. Says whether there were any. */
  #forgetMessages() {
    if (!this.#batch.isOpen) return false;
    this.#batch.close();
    return true;
  }

  #readOn() {
    this.#waiting = 0;
    if (!this.#batch.isOpen) this.#stream?.resume();
  }

  // 2. Let dataForEvent be determined by switching on type and binary type:
  #dataForEvent(data) {
    // type indicates that the data is Binary and binary type is "blob": a new Blob object that represents data as its
    // raw data
    if (typeof data !== 'string' && this.binaryType === 'blob') return new Blob([data]);
    // type indicates that the data is Binary and binary type is "arraybuffer": a new ArrayBuffer object whose contents
    // are data
    return data;
  }

  /** Writes what is pending once the program that is running has returned: all that it sends goes out in one write. */
  #flushSoon() {
    if (this.#flushing) return;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#later(this.#session.poll(now()) & ~TRANSMIT);
      this.#flush();
    });
    // Set last: if queueMicrotask overflows the stack, a later call must try again.
    this.#flushing = true;
  }

  /** Writes a piece, and the next one when that is written: a host does not say how much of a large one is. */
  #flush() {
    if (this.#output.isWriting || this.#ended || !this.#stream) return;
    const piece = this.#output.next();
    if (!piece) return;
    this.#stream.write(piece, () => {
      if (this.#ended) return;
      this.#output.written();
      this.#transmitted = true;
      this.#flush();
      // bufferedAmount falls when the event loop has come round, not in the task that is running. And a deadline may have begun
      // anew, now that something has gone out.
      this.#act(this.#session.poll(now()) & ~TRANSMIT);
      this.#tasks.wake();
      this.#drainage.begin();
    });
  }

  #end() {
    this.#leave(() => {
      this.#transmitted ||= this.#output.isWriting;
      this.#stream.end(this.#output.rest());
    });
  }

  /** Ends the stream, if it was opened and has not been ended. */
  #leave(endStream) {
    if (this.#ended) return;
    this.#ended = true;
    this.#messages = STREAM_OVER;
    this.#alarm.clear();
    this.#giveTurnUp?.();
    if (this.#stream) endStream();
  }

  #setAlarm() {
    this.#alarm.set(this.#session.deadline(), this.#timeOut);
  }

  #timeOut = () => this.#inTask(this.#session.timeout(now()));
}
