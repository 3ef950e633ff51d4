// What is measured: messages of one kind, one direction at a time.

/**
 * @typedef {object} Workload
 * @property {'text' | 'binary'} kind
 * @property {number} size the bytes of a message
 * @property {number} count how many messages a round has
 * @property {boolean} [deflate]
 */

/** @type {Record<string, Workload>} */
export const WORKLOADS = {
  'text 100 B': { kind: 'text', size: 100, count: 200_000 },
  'binary 100 B': { kind: 'binary', size: 100, count: 200_000 },
  'binary 16 KiB': { kind: 'binary', size: 16 << 10, count: 10_000 },
  'binary 1 MiB': { kind: 'binary', size: 1 << 20, count: 200 },
  'JSON 1 KiB, deflate': { kind: 'text', size: 1024, count: 20_000, deflate: true },
};

/** After so many messages they come again. */
export const PERIOD = 100;

/** The messages of one period, as bytes: all differ. */
export function messagesOf({ kind, size, deflate }) {
  return Array.from({ length: PERIOD }, (_, number) => {
    if (deflate) return jsonOf(number, size);
    const bytes = Buffer.alloc(size);
    for (let index = 0; index < size; index += 1) bytes[index] = kind === 'text' ? 97 + ((index * 7 + number) % 26) : index * 31 + number;
    return bytes;
  });
}

/** What a service might send: numbers that differ in a form that does not. */
function jsonOf(number, size) {
  const items = [];
  for (let index = 0; ; index += 1) {
    const seed = (number * 7919 + index * 104_729) % 1_000_003;
    items.push({ id: seed, name: `sensor-${seed % 97}`, value: seed / 1000, unit: 'kPa', ok: seed % 5 !== 0 });
    const text = JSON.stringify({ number, items });
    if (text.length > size) break;
  }
  items.pop();
  return Buffer.from(JSON.stringify({ number, items }).padEnd(size));
}
