// The engine's module, for hosts with files.

import { readFileSync } from 'node:fs';

export { readFile } from 'node:fs/promises';

/** Reads it from where the package has it. */
export function loadModule() {
  try {
    return new WebAssembly.Module(readFileSync(new URL('../wasm/isosocket_engine_bg.wasm', import.meta.url)));
  } catch (error) {
    throw new Error(
      `isosocket/engine: isosocket_engine.wasm could not be read beside the package: ${error.message}. ` +
        'A bundler is to leave the package outside (esbuild: --external:isosocket); or a program that has the module elsewhere, ' +
        'in one file with itself, say, awaits init(source) of isosocket/engine before its first socket',
      { cause: error },
    );
  }
}
