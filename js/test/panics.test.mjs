import assert from 'node:assert/strict';
import test from 'node:test';

import binaryen from 'binaryen';

import { silencePanics } from '../panics.mjs';

const { i32 } = binaryen;
const FILE = 'src/proto/frame.rs';
const MESSAGE = 'text is not UTF-8';
/** The addresses of the file's name, a place in it, and a message. */
const [AT_FILE, AT_PLACE, AT_MESSAGE, AT_NAME, AT_STRING] = [64, 96, 128, 160, 192];
/** A string that is the name of a file, and what stands behind its address and length. */
const NAME = 'lib.rs';
const BEHIND = [0, 0x7fffffff];

/** What rustc makes of a function that panics at a place in the sources, and of one that does not. */
function moduleWith(panic) {
  const module = new binaryen.Module();
  const words = (...given) => Buffer.from(Uint32Array.from(given).buffer);
  const segments = [
    [AT_FILE, Buffer.from(FILE)],
    [AT_PLACE, words(AT_FILE, FILE.length, 17, 5)],
    [AT_MESSAGE, Buffer.from(MESSAGE)],
    [AT_NAME, Buffer.from(NAME)],
    [AT_STRING, words(AT_NAME, NAME.length, ...BEHIND)],
  ].map(([offset, data]) => ({ offset: module.i32.const(offset), data }));
  module.setMemory(1, 1, 'memory', segments);
  module.addFunctionImport('said', 'host', 'said', i32, binaryen.none);
  const say = () => module.call('said', [module.i32.const(AT_PLACE)], binaryen.none);
  module.addFunction(panic, i32, binaryen.none, [], module.block(null, [say(), module.unreachable()]));
  module.addFunction('ws_native::proto::frame::panics', binaryen.none, i32, [], module.block(null, [say(), module.i32.const(7)], i32));
  module.addFunctionExport(panic, 'panic');
  module.addFunctionExport('ws_native::proto::frame::panics', 'other');
  binaryen.setDebugInfo(true);
  return module.emitBinary();
}

function run(bytes) {
  const said = [];
  const imports = { host: { said: (place) => said.push(place) } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
  return { exports, said, memory: Buffer.from(exports.memory.buffer) };
}

test('a panic is the trap alone', () => {
  const { exports, said } = run(silencePanics(moduleWith('core[0123456789abcdef]::panicking::panic_fmt')));
  assert.throws(() => exports.panic(1), WebAssembly.RuntimeError);
  assert.deepEqual(said, []);
  assert.equal(exports.other(), 7);
  assert.deepEqual(said, [AT_PLACE]);
});

test('there are zeros where the places in the sources were, and all else is there', () => {
  const { memory } = run(silencePanics(moduleWith('core::option::unwrap_failed')));
  assert.deepEqual(memory.subarray(AT_FILE, AT_MESSAGE), Buffer.alloc(AT_MESSAGE - AT_FILE));
  assert.equal(memory.toString('latin1', AT_MESSAGE, AT_MESSAGE + MESSAGE.length), MESSAGE);
  assert.equal(memory.toString('latin1', AT_NAME, AT_NAME + NAME.length), NAME);
  assert.equal(memory.readUInt32LE(AT_STRING + 12), BEHIND[1]);
});

test('a module without such functions is not taken for one that has been silenced', () => {
  assert.throws(() => silencePanics(moduleWith('my_core::panicking::panic_fmt')), /no function that panics/);
});
