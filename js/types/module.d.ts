import type { CompiledModule } from "./wasm.js";

/**
 * What the import of a `.wasm` file gives is its bundler's or its host's affair: the file's URL, mostly, or the compiled
 * module. `init` of `isosocket/wasm` and of `isosocket/engine` take each of them.
 */
declare const source: string | CompiledModule;
export default source;
