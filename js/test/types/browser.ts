import { WebSocket } from "isosocket";
import { init, WebSocket as BrowserSocket, WebSocketError, WebSocketStream } from "isosocket/wasm";
import url from "isosocket/isosocket_browser.wasm";

await init();
await init(url);
await init("/isosocket_browser.wasm");
await init(new URL("https://example.org/isosocket_browser.wasm"));
await init(new Request("/isosocket_browser.wasm"));
await init(await fetch("/isosocket_browser.wasm"));
await init(fetch("/isosocket_browser.wasm"));
await init(new Uint8Array(8));
await init(new ArrayBuffer(8));
await init(await WebAssembly.compile(new Uint8Array(8)));
const loading: Promise<void> = init();
// @ts-expect-error
await init(null);

const socket: WebSocket = new BrowserSocket("wss://example.org");
const stream = new WebSocketStream("/", { inboundLimit: { bytes: 1000, messages: 10 } });
// @ts-expect-error
new WebSocketStream("/", { inboundLimit: 1000 });
const error: DOMException = new WebSocketError();

export { error, loading, socket, stream };
