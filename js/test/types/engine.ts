import { WebSocket } from "isosocket";
import { failure, init, ping, ref, terminate, unref, WebSocket as EngineSocket, WebSocketStream } from "isosocket/engine";

const socket: WebSocket = new EngineSocket("wss://example.org", {
  headers: { Cookie: "a=b" },
  origin: "https://example.org",
  proxy: new URL("http://user:password@127.0.0.1:3128"),
  ca: ["-----BEGIN CERTIFICATE-----", new Uint8Array(1)],
  handshakeTimeout: 1000,
  maxFragments: 1,
  maxHead: 1,
  maxSendQueue: 1,
  oneAtATime: false,
  heartbeat: { interval: 1000 },
  perMessageDeflate: { level: 1, threshold: 1024 },
});
/** As a program has it of its environment. */
declare const given: string | undefined;
new EngineSocket("wss://example.org", { proxy: given, ca: given, perMessageDeflate: undefined });
new WebSocketStream("wss://example.org", { inboundLimit: undefined }).close({ reason: given, closeCode: undefined });
const stream = new WebSocketStream("wss://example.org", { protocols: ["chat"], perMessageDeflate: false });
const cause: string | undefined = failure(socket) ?? failure(stream);
const same: WebSocket = unref(ref(socket));
ping(socket, "now");
socket.addEventListener("pong", (event) => { const { data, origin }: { data: any; origin: string } = event; return [data, origin]; });
terminate(stream);
await init("/usr/lib/isosocket_engine.wasm");
await init(fetch("https://example.org/isosocket_engine.wasm"));
// @ts-expect-error
await init(1);
// @ts-expect-error
new EngineSocket("wss://example.org", { maxPayload: "1" });
// @ts-expect-error
failure("wss://example.org");

export { cause, same };
