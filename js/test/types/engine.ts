import { ReconnectingWebSocket, WebSocket } from "isosocket";
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
unref(ref(stream));
ping(socket, "now");
ping(stream);
class Feed extends WebSocket {
  reconnect(): Feed { return new Feed(this.url); }
}
const feed: Feed = ref(new Feed("wss://example.org"));
declare const either: WebSocket | WebSocketStream;
unref(either);
const lasting = new ReconnectingWebSocket("wss://example.org");
failure(lasting);
terminate(lasting);
// @ts-expect-error
ref(lasting);
// @ts-expect-error
unref(lasting);
// @ts-expect-error
ping(lasting);
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

export { cause, feed, same };
