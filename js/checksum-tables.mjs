// The tables of CRC-32, of which 8 KiB can be compressed to no less: zlib-rs has them for gzip, which no WebSocket speaks, and
// cannot be told to leave them out.

/** Each has a word for every value of a byte; the number says how many zero bytes come behind that. */
const TABLES = [4, 3, 2, 1, 20, 19, 18, 17];

/**
 * Takes the tables out of a WebAssembly module: there are zeros in their place.
 *
 * @param {Buffer} module
 */
export function removeChecksumTables(module) {
  for (const zeros of TABLES) {
    const table = tableOf(zeros);
    const place = module.indexOf(table);
    if (place === -1) throw new Error(`the table of CRC-32 for ${zeros} bytes is not in the module: zlib-rs has changed`);
    for (let next = place; next !== -1; next = module.indexOf(table, next)) module.fill(0, next, next + table.length);
  }
}

function tableOf(zeros) {
  const table = Buffer.alloc(1024);
  for (let byte = 0; byte < 256; byte += 1) {
    let rest = byte;
    for (let bit = 0; bit < 8 * zeros; bit += 1) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
    table.writeUInt32LE(rest >>> 0, 4 * byte);
  }
  return table;
}
