// How values are shown.

const number = new Intl.NumberFormat('en');
const encoder = new TextEncoder();

const TEXT_PREVIEW = 300;
const BYTES_PREVIEW = 16;

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

/** The beginning of a text. */
export function previewText(text) {
  const shown = text.slice(0, TEXT_PREVIEW).toWellFormed();
  return shown.length < text.length ? `${shown}…` : shown;
}

/** What gives the first bytes in hexadecimal, of a Uint8Array or of a Blob. It keeps no more of it than those, which are read when asked for. */
export function previewerOf(data) {
  const head = data.slice(0, BYTES_PREVIEW);
  const isAll = sizeOf(data) <= BYTES_PREVIEW;
  return async () => {
    const bytes = head instanceof Blob ? new Uint8Array(await head.arrayBuffer()) : head;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return isAll ? hex : `${hex} …`;
  };
}

/** The bytes of a message: a string, a Uint8Array or a Blob. */
export function sizeOf(data) {
  if (typeof data === 'string') return utf8Length(data);
  return data instanceof Blob ? data.size : data.byteLength;
}
