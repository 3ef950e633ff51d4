import { WebSocket } from "isosocket";
import { failure, ping, ref, terminate, unref, WebSocket as EngineSocket, WebSocketStream } from "isosocket/engine";

const socket: WebSocket = new EngineSocket("wss://example.org", {
  protocols: ["a"],
  origin: "https://example.org",
  proxy: "socks5://name:password@proxy.example:1080",
  ca: ["-----BEGIN CERTIFICATE-----"],
  rejectUnauthorized: true,
  perMessageDeflate: { level: 9, clientNoContextTakeover: true },
  handshakeTimeout: 5000,
  heartbeat: { interval: 10_000 },
  maxPayload: 1 << 20,
});
const cause: string | undefined = failure(socket);
const same: WebSocket = unref(socket);
ping(socket, "are you there");
const stream: WebSocketStream = ref(new WebSocketStream("wss://example.org", { perMessageDeflate: false }));
terminate(stream);
// @ts-expect-error
new EngineSocket("wss://example.org", { maxPayload: "1" });
// @ts-expect-error
ping(stream);

export { cause, same };
