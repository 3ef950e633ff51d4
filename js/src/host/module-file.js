// The engine's module, for hosts with files.

import { readFileSync } from 'node:fs';

/** Reads it from where the package has it. */
export const loadModule = () => new WebAssembly.Module(readFileSync(new URL('../wasm/isosocket_engine_bg.wasm', import.meta.url)));
