// application/x-www-form-urlencoded
// https://url.spec.whatwg.org/#application/x-www-form-urlencoded

import { host } from './host.js';
import { indexOf, push, slice, subarray } from './intrinsics.js';

const ByteArray = Uint8Array;
const { fromCharCode } = String;

const SPACE = 0x20;
const PERCENT = 0x25;
const PLUS = 0x2b;

/** https://url.spec.whatwg.org/#concept-urlencoded-parser, of a string that is not yet encoded. */
export function parse(input) {
  const list = [];
  // 1. Let sequences be the result of splitting input on 0x26 (&).
  // 3. For each byte sequence bytes in sequences:
  for (let begin = 0; begin <= input.length;) {
    const found = indexOf(input, '&', begin);
    const end = found === -1 ? input.length : found;
    // 3.1. If bytes is the empty byte sequence, then continue.
    if (end > begin) push(list, parsePair(slice(input, begin, end)));
    begin = end + 1;
  }
  return list;
}

function parsePair(sequence) {
  // 3.2. If bytes contains a 0x3D (=), then let name be the bytes from the start of bytes up to but excluding its first
  //      0x3D (=), and let value be the bytes, if any, after the first 0x3D (=) up to the end of bytes. If 0x3D (=) is
  //      the first byte, then name will be the empty byte sequence. If it is the last, then value will be the empty
  //      byte sequence.
  // 3.3. Otherwise, let name have the value of bytes and let value be the empty byte sequence.
  const place = indexOf(sequence, '=');
  const name = place === -1 ? sequence : slice(sequence, 0, place);
  const value = place === -1 ? '' : slice(sequence, place + 1);
  return [decode(name), decode(value)];
}

function decode(string) {
  const bytes = host.encode(string);
  const { length } = bytes;
  const decoded = new ByteArray(length);
  let size = 0;
  for (let index = 0; index < length; index += 1) {
    // 3.4. Replace any 0x2B (+) in name and value with 0x20 (SP).
    let byte = bytes[index] === PLUS ? SPACE : bytes[index];
    const high = byte === PERCENT ? hexDigit(bytes[index + 1]) : -1;
    const low = high === -1 ? -1 : hexDigit(bytes[index + 2]);
    if (low !== -1) {
      byte = 16 * high + low;
      index += 2;
    }
    decoded[size] = byte;
    size += 1;
  }
  // 3.5. Let nameString and valueString be the result of running UTF-8 decode without BOM on the percent-decoding of
  //      name and value, respectively.
  return host.decode(subarray(decoded, 0, size));
}

/** The value of a digit that is given as a byte, or -1. */
function hexDigit(byte) {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  if (byte >= 0x41 && byte <= 0x46) return byte - 0x41 + 10;
  if (byte >= 0x61 && byte <= 0x66) return byte - 0x61 + 10;
  return -1;
}

/** https://url.spec.whatwg.org/#concept-urlencoded-serializer */
export function serialize(list) {
  // 2. Let output be the empty string.
  let output = '';
  // 3. For each tuple of tuples:
  for (let index = 0; index < list.length; index += 1) {
    // 3.4. If output is not the empty string, then append U+0026 (&) to output.
    if (output !== '') output += '&';
    // 3.5. Append name, followed by U+003D (=), followed by value, to output.
    output += `${encode(list[index][0])}=${encode(list[index][1])}`;
  }
  return output;
}

const DIGITS = '0123456789ABCDEF';

/** Percent-encodes after encoding with UTF-8, the application/x-www-form-urlencoded percent-encode set, and true. */
function encode(string) {
  const bytes = host.encode(string);
  let output = '';
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (isKept(byte)) output += fromCharCode(byte);
    else if (byte === SPACE) output += '+';
    else output += `%${DIGITS[byte >> 4]}${DIGITS[byte & 0xf]}`;
  }
  return output;
}

/** The percent-encode set contains all code points, except the ASCII alphanumeric, U+002A (*), -, . and _. */
function isKept(byte) {
  const isDigit = byte >= 0x30 && byte <= 0x39;
  const isLetter = (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);
  return isDigit || isLetter || byte === 0x2a || byte === 0x2d || byte === 0x2e || byte === 0x5f;
}
