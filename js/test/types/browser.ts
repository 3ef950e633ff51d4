import { WebSocket } from "isosocket";
import { init, WebSocket as BrowserSocket } from "isosocket/wasm";

await init();
await init(new URL("https://example.org/isosocket_browser.wasm"));
await init(new Uint8Array(8));
const socket: WebSocket = new BrowserSocket("wss://example.org");

export { socket };
