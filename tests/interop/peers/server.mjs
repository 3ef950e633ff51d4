// An echo server with the library `ws`: node server.mjs deflate|plain

import { WebSocketServer } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  perMessageDeflate: process.argv[2] === "deflate",
  handleProtocols: (offered) => [...offered][0],
});
server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    const text = isBinary ? "" : data.toString();
    const [, code, reason] = text.match(/^close (\d+) (.*)$/) ?? [];
    if (code) {
      socket.close(Number(code), reason);
    } else if (text === "ping me") {
      socket.ping("from ws");
    } else {
      socket.send(data, { binary: isBinary });
    }
  });
  socket.on("pong", (payload) => socket.send(payload.toString()));
  socket.on("close", (code, reason) => console.log(`${code} ${reason}`));
});
