// What a program may write, and, marked by @ts-expect-error, what it may not. It is compiled, not run.

import {
  CloseEvent, ReconnectingWebSocket, WebSocket, WebSocketError, WebSocketStream, type BinaryType, type WebSocketInit,
} from "isosocket";

const init: WebSocketInit = { protocols: ["chat", "echo"], headers: { Cookie: "a=b" } };
for (const second of [undefined, null, "chat", ["chat"], new Set(["chat"]), init, { headers: [["a", "b"]] as const }]) {
  new WebSocket(new URL("wss://example.org"), second);
}
const socket: WebSocket = new WebSocket("wss://example.org/echo", "chat");
const global: typeof globalThis.WebSocket = WebSocket;
const its: globalThis.WebSocket = socket;

socket.onopen = function (event) {
  const self: WebSocket = this;
  const type: string = event.type;
  self.send(type);
};
socket.onmessage = ({ data, origin }) => {
  const from: string = origin;
  socket.send(data ?? from);
};
socket.onclose = (event) => {
  const { code, reason, wasClean }: { code: number; reason: string; wasClean: boolean } = event;
  return [code, reason, wasClean];
};
socket.onerror = null;
socket.addEventListener("close", ({ code }) => code.toFixed(), { once: true, signal: AbortSignal.timeout(1) });
socket.removeEventListener("message", () => {});
const target: EventTarget = socket;

for (const data of ["text", new ArrayBuffer(1), new Uint8Array(1), new DataView(new ArrayBuffer(1)), new Blob([])]) {
  socket.send(data);
}
socket.close();
socket.close(3000, "why");

const state: 0 | 1 | 2 | 3 = socket.readyState;
const open: 1 = WebSocket.OPEN;
const same: 1 = socket.OPEN;
const binaryType: BinaryType = socket.binaryType;
socket.binaryType = "arraybuffer";
const event: Event = new CloseEvent("close", { code: 1000, bubbles: true });

for (const protocols of [undefined, ["chat"], ["chat"] as const, new Set(["chat"]).values()]) new WebSocketStream("wss://example.org", { protocols });
const stream = new WebSocketStream("wss://example.org", { protocols: new Set(["chat"]), signal: AbortSignal.timeout(1) });
const { readable, writable, protocol } = await stream.opened;
for (const chunk of ["text", new ArrayBuffer(1), new Uint8Array(1)]) await writable.getWriter().write(chunk);
const { value } = await readable.getReader().read();
const chunk: string | Uint8Array | ArrayBuffer | undefined = value;
await readable.cancel(new WebSocketError("message", { closeCode: 3000, reason: "why" }));
stream.close({ closeCode: 1000 });
const { closeCode, reason }: { closeCode: number; reason: string } = await stream.closed;
const error: DOMException = new WebSocketError();

const reconnecting = new ReconnectingWebSocket(async () => "wss://example.org", () => ["chat"], {
  WebSocket, maxRetries: Infinity, keepAlive: { message: () => "ping" }, shouldReconnect: ({ code }) => code !== 1000,
});
new ReconnectingWebSocket(new URL("wss://example.org"), init, { WebSocket: globalThis.WebSocket });
reconnecting.onreconnecting = ({ attempt, delay }) => {
  const numbers: [number, number, number] = [attempt, delay, reconnecting.retryCount];
  reconnecting.reconnect(4000, String(numbers));
};
// Where a WebSocket is asked for, of this package or of the host, it will do.
const asSocket: [WebSocket, globalThis.WebSocket] = [reconnecting, reconnecting];
reconnecting.addEventListener("error", (event) => { const cause: unknown = event.error; return cause; });
// @ts-expect-error
new ReconnectingWebSocket("wss://example.org", [], { maxRetries: "3" });
// @ts-expect-error
new ReconnectingWebSocket("wss://example.org", [], { keepAlive: { interval: 1 } });

// @ts-expect-error
new WebSocketStream("wss://example.org", { signal: 1 });
// @ts-expect-error
new WebSocketStream("wss://example.org", { protocols: "chat" });
// @ts-expect-error
stream.close(1000);
// @ts-expect-error
await writable.getWriter().write(1);
// @ts-expect-error
new WebSocket();
// @ts-expect-error
socket.send();
// @ts-expect-error
socket.send({});
// @ts-expect-error
socket.close("1000");
// @ts-expect-error
socket.readyState = 1;
// @ts-expect-error
socket.binaryType = "nodebuffer";

export { binaryType, chunk, closeCode, error, event, open, protocol, reason, same, state, target };
