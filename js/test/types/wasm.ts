// Where there are no types of a browser's.

import { init, WebSocket, type InitSource } from "isosocket/wasm";
import engine from "isosocket/isosocket_engine.wasm";
import browser from "isosocket/isosocket_browser.wasm";

const sources: InitSource[] = [browser, engine, "/isosocket_browser.wasm", new URL("https://example.org/"), new Uint8Array(8), new ArrayBuffer(8)];
await init(sources[0]);
// @ts-expect-error
await init(null);

export const socket = new WebSocket("wss://example.org");
