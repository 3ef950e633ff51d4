// The same courses in JavaScript alone: what all others are measured by. `src/course.rs` is its pattern.

const BURST = 50;
const BURST_BYTES = 4 << 20;
const SOUGHT = 'a'.charCodeAt(0);
const WIDE = 'aü€😀';
const WIDE_BYTES = 10;

const CONTESTANTS = { JavaScript: hearEvents, 'JavaScript WebSocketStream': readStream };

/** @returns a promise of the milliseconds from the open connection to the last message */
export function run(contestant, url, ...plan) {
  const { promise, resolve, reject } = Promise.withResolvers();
  CONTESTANTS[contestant](url, new Course(plan, resolve, reject));
  return promise;
}

function hearEvents(url, course) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const send = (messages) => {
    for (let index = 0; index < messages; index++) socket.send(course.next());
  };
  socket.onopen = () => send(course.opened());
  socket.onmessage = ({ data }) => {
    send(course.received(data));
    if (course.isDone) socket.close();
  };
  socket.onclose = () => course.lost();
}

async function readStream(url, course) {
  const stream = new WebSocketStream(url);
  try {
    const { readable, writable } = await stream.opened;
    const [reader, writer] = [readable.getReader(), writable.getWriter()];
    let messages = course.opened();
    while (!course.isDone) {
      for (let index = 0; index < messages; index++) {
        await writer.ready;
        writer.write(course.next());
      }
      const { value, done } = await reader.read();
      if (done) break;
      messages = course.received(value);
    }
    stream.close();
    await stream.closed;
  } catch {
    // What was lost after the end is not missed.
  }
  course.lost();
}

class Course {
  /** @param plan work, kind, size, count, verify */
  constructor([work, kind, size, count, verify], fulfil, reject) {
    const fill = size - 8;
    this.body = kind === 'wide' ? WIDE.repeat(Math.floor(fill / WIDE_BYTES)) + 'a'.repeat(fill % WIDE_BYTES) : 'a'.repeat(fill);
    Object.assign(this, { work, kind, size, count, verify, fulfil, reject });
    this.type = kind === 'binary' && work !== 'send' ? 'object' : 'string';
    this.template = this.payload(0);
    this.burst = Math.max(Math.min(BURST, Math.floor(BURST_BYTES / size)), 1);
    this.sent = 0;
    this.messages = 0;
    this.found = 0;
    this.isDone = false;
  }

  /** @returns how many messages are to be sent */
  opened() {
    this.started = performance.now();
    return { receive: 1, read: 1, send: this.count, echo: Math.min(this.burst, this.count) }[this.work];
  }

  /** @returns the next message to be sent */
  next() {
    const number = this.sent++;
    return this.verify ? this.payload(number) : this.template;
  }

  /** @returns how many messages are to be sent */
  received(data) {
    const number = this.messages++;
    const isLast = this.work === 'send' || this.messages === this.count;
    if (this.work === 'read') this.found += occurrences(data);
    if (!this.isRight(data, number) || (isLast && this.work === 'read' && this.found !== this.count * occurrences(this.body))) {
      this.isDone = true;
      this.reject('a message was not what it should have been');
    } else if (isLast) {
      this.isDone = true;
      this.fulfil(performance.now() - this.started);
    } else if (this.work === 'echo' && this.messages % this.burst === 0) {
      return Math.min(this.burst, this.count - this.messages);
    }
    return 0;
  }

  lost() {
    this.reject('the connection was lost');
  }

  isRight(data, number) {
    if (typeof data !== this.type) return false;
    if (this.work === 'send') return data === String(this.count * this.size);
    return !this.verify || text(data) === this.numbered(number);
  }

  payload(number) {
    return this.kind === 'binary' ? new TextEncoder().encode(this.numbered(number)) : this.numbered(number);
  }

  numbered(number) {
    return String(number).padStart(8, '0') + this.body;
  }
}

/** How many `a` are in it. */
function occurrences(data) {
  return typeof data === 'string' ? occurrencesInText(data) : occurrencesInBytes(new Uint8Array(data));
}

function occurrencesInText(text) {
  let found = 0;
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) === SOUGHT) found++;
  }
  return found;
}

function occurrencesInBytes(bytes) {
  let found = 0;
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] === SOUGHT) found++;
  }
  return found;
}

function text(data) {
  return typeof data === 'string' ? data : new TextDecoder().decode(data);
}
