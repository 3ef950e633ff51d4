export * from "./index.js";

/** A `WebAssembly.Module`; an object, for programs whose types know of none, such as those of Node. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: new (...given: any[]) => infer Module } } ? Module : object;

/** What `init` can load the runtime from. */
export type InitSource = string | URL | Request | Response | ArrayBuffer | ArrayBufferView | CompiledModule;

/**
 * Loads the browser runtime. To be awaited before the first socket is made. Called again, it gives the same promise,
 * whatever its argument; after a failure it tries anew.
 *
 * @param source where the module `isosocket/isosocket_browser.wasm` is, or what it is, for hosts and bundlers that do
 * not find it beside this one
 *
 * @returns a promise that rejects with a TypeError for a source of another type, and with an Error that says what to do
 * when the module cannot be loaded, or when the page's Content Security Policy does not have `'wasm-unsafe-eval'`.
 */
export declare function init(source?: InitSource | PromiseLike<InitSource>): Promise<void>;
