// The same courses in JavaScript alone: what all others are measured by. `src/course.rs` is its pattern.

const BURST = 50;
const WIDE = 'aü€😀';
const WIDE_BYTES = 10;

/** @returns a promise of the milliseconds from the open connection to the last message */
export function run(_, url, work, kind, size, count, verify) {
  const fill = size - 8;
  const body = kind === 'wide' ? WIDE.repeat(Math.floor(fill / WIDE_BYTES)) + 'a'.repeat(fill % WIDE_BYTES) : 'a'.repeat(fill);
  const payload = (number) => {
    const text = String(number).padStart(8, '0') + body;
    return kind === 'binary' ? new TextEncoder().encode(text) : text;
  };
  const text = (data) => (typeof data === 'string' ? data : new TextDecoder().decode(data));
  const expected = (number) => String(number).padStart(8, '0') + body;
  const type = kind === 'binary' && work !== 'send' ? 'object' : 'string';
  const template = payload(0);
  const { promise, resolve, reject } = Promise.withResolvers();
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  let started;
  let sent = 0;
  let received = 0;
  const send = (messages) => {
    for (let index = 0; index < messages; index++) {
      const number = sent++;
      socket.send(verify ? payload(number) : template);
    }
  };
  const isRight = (data, number) => {
    if (typeof data !== type) return false;
    if (work === 'send') return data === String(count * size);
    return !verify || text(data) === expected(number);
  };
  socket.onopen = () => {
    started = performance.now();
    send({ receive: 1, send: count, echo: Math.min(BURST, count) }[work]);
  };
  socket.onmessage = ({ data }) => {
    const number = received++;
    if (!isRight(data, number)) {
      reject('a message was not what it should have been');
      socket.close();
    } else if (work === 'send' || received === count) {
      resolve(performance.now() - started);
      socket.close();
    } else if (work === 'echo' && received % BURST === 0) {
      send(Math.min(BURST, count - received));
    }
  };
  socket.onclose = () => reject('the connection was lost');
  return promise;
}
