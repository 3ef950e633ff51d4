// What a panic would say: where it is in the sources, and what is wrong there. WebAssembly has no output for that, and what the host
// is thrown has none of it. rustc puts it into the module all the same, and cannot be told to leave it out. Here goes the code that
// makes it, and the places; words that stand in the module's data stay.

import binaryen from 'binaryen';

/** The functions of Rust's libraries that do nothing but panic. */
const PANICS = [
  /^core::panicking::/,
  /^core::(option|result)::(unwrap|expect)_failed$/,
  /^core::cell::panic_already_(mutably_)?borrowed$/,
  /^core::slice::index::slice_index_fail$/,
  /^core::str::slice_error_fail$/,
  /^alloc::raw_vec::(handle_error|capacity_overflow)$/,
  /^__rustc::rust_begin_unwind$/,
];
/** What tells crates of the same name apart. */
const DISAMBIGUATOR = /\[[0-9a-f]{16}\]/g;

/** How large a place in the sources is: the address of its file's name and how long that is, line, column. */
const PLACE = 16;
const FILE = /^[\w./-]+\.rs$/;
const LONGEST_FILE = 256;
const LAST_LINE = 100_000;

/**
 * Takes the words of panics out of a WebAssembly module that has the names of its functions. What is left of a panic is the trap that
 * it always ended with, and there are zeros in place of the places in the sources.
 *
 * @param {Uint8Array} bytes
 * @returns {Buffer}
 */
export function silencePanics(bytes) {
  const module = binaryen.readBinary(bytes);
  const panics = functionsOf(module).filter(({ name }) => isPanic(name));
  if (panics.length === 0) throw new Error('the module has no function that panics: Rust names them otherwise now');
  for (const { name, params, results } of panics) {
    module.removeFunction(name);
    module.addFunction(name, params, results, [], module.unreachable());
  }
  const silent = Buffer.from(module.emitBinary());
  module.dispose();
  erasePlaces(silent);
  return silent;
}

function functionsOf(module) {
  const count = module.getNumFunctions();
  return Array.from({ length: count }, (_, index) => binaryen.getFunctionInfo(module.getFunctionByIndex(index)));
}

function isPanic(name) {
  const path = name.replaceAll(DISAMBIGUATOR, '');
  return PANICS.some((panic) => panic.test(path));
}

function erasePlaces(module) {
  const memory = memoryOf(module);
  for (let place = 0; place + PLACE <= memory.length; place += 4) {
    const file = memory.readUInt32LE(place);
    const name = memory.subarray(file, file + memory.readUInt32LE(place + 4));
    if (name.length > LONGEST_FILE || !FILE.test(name.toString('latin1'))) continue;
    // A string may be the name of a file, too.
    if (![8, 12].every((offset) => isNumber(memory.readUInt32LE(place + offset)))) continue;
    erase(module, memory.subarray(place, place + PLACE));
    erase(module, name);
  }
}

/** Whether it is that of a line, or of a column. */
const isNumber = (word) => word > 0 && word <= LAST_LINE;

/** The memory that a module begins with. */
function memoryOf(bytes) {
  const module = new WebAssembly.Module(bytes);
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => {};
  return Buffer.from(new WebAssembly.Instance(module, imports).exports.memory.buffer);
}

function erase(module, bytes) {
  for (let next = module.indexOf(bytes); next !== -1; next = module.indexOf(bytes, next)) module.fill(0, next, next + bytes.length);
}
