export * from "./index.js";

/**
 * Loads the browser runtime. To be awaited before the first socket is made; called again, it does nothing.
 *
 * @param source where the module `isosocket/isosocket_browser.wasm` is, or what it is, for hosts and bundlers that do
 * not find it beside this one
 */
export declare function init(
  source?: string | URL | Request | Response | Promise<Response> | BufferSource | WebAssembly.Module,
): Promise<void>;
