// What the console of a host shows of the objects: run with the path of the module under test.

const { ReconnectingWebSocket, WebSocket, WebSocketError, WebSocketStream } = await import(`file://${process.argv[2]}`);

class Chat extends WebSocket {
  room = 7;
}

const URL = 'ws://user:secret@127.0.0.1:1/?a=b';
console.log(new WebSocket(URL));
console.log({ chat: new Chat(URL) });
console.log(new WebSocketStream(URL));
console.log(new ReconnectingWebSocket(URL, [], { startClosed: true }));
console.log(WebSocket.prototype);
console.log(new WebSocketError('gone', { closeCode: 3000, reason: 'why' }));
process.exit();
