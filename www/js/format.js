// How values are shown.

const number = new Intl.NumberFormat('en');
const encoder = new TextEncoder();

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const HEX_STEP = 65_536;

export function formatBytes(count) {
  return `${number.format(count)} ${count === 1 ? 'byte' : 'bytes'}`;
}

export function formatCount(count) {
  return number.format(count);
}

/** Milliseconds since the connection was begun. */
export function formatElapsed(milliseconds) {
  return `+${milliseconds.toFixed(1)} ms`;
}

/** The time of day, to the millisecond. */
export function formatClock(date) {
  const two = (value) => String(value).padStart(2, '0');
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The length in UTF-8. */
export function utf8Length(text) {
  return encoder.encode(text).length;
}

/** Bytes in hexadecimal: "00 ff". */
export function formatHex(bytes) {
  const parts = [];
  // A list of them all would take many times their own room.
  for (let start = 0; start < bytes.length; start += HEX_STEP) {
    parts.push(Array.from(bytes.subarray(start, start + HEX_STEP), (byte) => HEX[byte]).join(' '));
  }
  return parts.join(' ');
}

/** The bytes of a message: a string, a Uint8Array or a Blob. */
export function sizeOf(data) {
  if (typeof data === 'string') return utf8Length(data);
  return data instanceof Blob ? data.size : data.byteLength;
}
