// A client with the library `ws`: node client.mjs URL deflate|plain "close CODE REASON"|"ask CODE REASON"|wait

import assert from "node:assert/strict";
import { once } from "node:events";
import WebSocket from "ws";

const [url, mode, end] = process.argv.slice(2);
const socket = new WebSocket(url, ["chat.v2", "chat.v1"], { perMessageDeflate: mode === "deflate" });
await once(socket, "open");
console.log(`${socket.protocol} ${socket.extensions}`.trim());

const MIB = 1 << 20;
const noise = Buffer.from(Uint8Array.from({ length: MIB }, (_, n) => Math.imul(n, 0x9e3779b1) >>> 24));
for (const message of ["hello", "", "grüße, 世界, 🦀", Buffer.of(0, 255, 128), "play ".repeat(MIB / 5), noise]) {
  socket.send(message);
  const [data, isBinary] = await once(socket, "message");
  assert.equal(isBinary, typeof message !== "string");
  assert.ok(data.equals(Buffer.from(message)), "the echo is another message");
}
socket.ping("from ws");
assert.equal((await once(socket, "pong"))[0].toString(), "from ws");

const [, verb, code, reason] = end.match(/^(close|ask) (\d+) (.*)$/) ?? [];
if (verb === "close") socket.close(Number(code), reason);
if (verb === "ask") socket.send(`close ${code} ${reason}`);
console.log("ready");
const [received, why] = await once(socket, "close");
console.log(`${received} ${why}`);
