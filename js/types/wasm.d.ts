export * from "./index.js";

/** What `init` can load the runtime from. */
export type InitSource = string | URL | Request | Response | BufferSource | WebAssembly.Module;

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
