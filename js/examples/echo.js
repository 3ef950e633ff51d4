// What the page of every example does: each WebSocket class sends text and bytes to an echo server, and the page shows
// what came back. `?echo=ws://…` names the server.

const server = () => new URLSearchParams(location.search).get('echo') ?? 'ws://127.0.0.1:9001';

/** Sends text, then bytes; gives what comes back. */
export function echo(WebSocket, url = server()) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    const received = [];
    socket.onopen = () => {
      socket.send('h\u00e9llo');
      socket.send(new Uint8Array([1, 2, 255]));
    };
    socket.onmessage = ({ data }) => {
      received.push(typeof data === 'string' ? data : [...new Uint8Array(data)].join());
      if (received.length === 2) socket.close(1000);
    };
    socket.onclose = ({ code }) => (received.length === 2 ? resolve(received.join(' ')) : reject(new Error(`closed: ${code}`)));
  });
}

/** Shows what `load` gives, a list of names and classes, at work. */
export async function show(load) {
  const lines = [];
  try {
    for (const [name, WebSocket] of await load()) lines.push(`${name}: ${await echo(WebSocket)}`);
  } catch (error) {
    lines.push(String(error));
  }
  document.body.append(Object.assign(document.createElement('pre'), { id: 'result', textContent: lines.join('\n') }));
}
