// init() of `isosocket/engine`: for a program that has the engine's module elsewhere than beside the package.

import { loadEngine } from './engine.js';
import { loadingOnce, placeOf } from './module-source.js';

const NAME = 'isosocket/engine';

/** What a string has to begin with to be a URL; others are paths. */
const URL_SCHEME = /^(file|https?|data|blob):/i;

/**
 * Makes the function init().
 *
 * @param {() => WebAssembly.Module} loadModule gives the module that is beside the package
 * @param {(place: string | URL) => Promise<Uint8Array>} [readFile] where there are files, gives the bytes of one
 */
export const initWith = (loadModule, readFile) => loadingOnce(NAME, async (source) => {
  if (source === undefined) {
    loadEngine(loadModule);
    return;
  }
  try {
    const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(await bytesOf(source, readFile));
    loadEngine(() => module);
  } catch (error) {
    throw new Error(`${NAME}: isosocket_engine.wasm could not be loaded from ${placeOf(source)} (${error.message})`, { cause: error });
  }
});

async function bytesOf(source, readFile) {
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) return source;
  if (source instanceof Response) return bytesOfResponse(source);
  if (source instanceof Request) return bytesOfResponse(await fetch(source));
  const isPath = typeof source === 'string' && !URL_SCHEME.test(source);
  if (readFile && (isPath || isFileUrl(source))) return readFile(isPath ? source : new URL(source));
  return bytesOfResponse(await fetch(source));
}

const isFileUrl = (source) => new URL(source).protocol === 'file:';

async function bytesOfResponse(response) {
  if (!response.ok) throw new Error(`the answer was ${response.status}`);
  return response.arrayBuffer();
}
