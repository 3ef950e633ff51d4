// The clients: how each is opened, and how its messages come. All get `received(data)`, with text as a string.

const binary = 'arraybuffer';

async function ours() {
  const { WebSocket } = await import('../dist/node.js');
  return standard((url) => new WebSocket(url));
}

async function undici() {
  const { WebSocket } = await import('undici');
  return standard((url) => new WebSocket(url));
}

/** With or without its native addition, as the environment says; and with the binary type that all others have. */
const ws = () => wsWith(binary);

/** With the binary type that only it has: parts of what was read, which are no ArrayBuffers of their own. */
const wsBuffers = () => wsWith('nodebuffer');

async function wsWith(binaryType) {
  const { WebSocket } = await import('ws');
  return (url, { opened, received, closed }) => {
    const socket = new WebSocket(url, { perMessageDeflate: { threshold: 0 } });
    socket.binaryType = binaryType;
    socket.on('open', () => opened((data) => socket.send(data)));
    // Text comes as a Buffer, whatever the binary type is.
    socket.on('message', (data, isBinary) => received(isBinary ? data : data.toString()));
    socket.on('error', (error) => { throw error; });
    socket.on('close', (code) => closed(code));
  };
}

/** The runtime's own. */
async function builtIn() {
  return standard((url) => new WebSocket(url));
}

const standard = (open) => (url, { opened, received, closed }) => {
  const socket = open(url);
  socket.binaryType = binary;
  socket.onopen = () => opened((data) => socket.send(data));
  socket.onmessage = ({ data }) => received(data);
  socket.onclose = ({ code }) => closed(code);
};

export const CLIENTS = {
  isosocket: { load: ours, env: {} },
  ws: { load: ws, env: { WS_NO_BUFFER_UTIL: '1' } },
  'ws + bufferutil': { load: ws, env: {} },
  'ws Buffers': { load: wsBuffers, env: {} },
  undici: { load: undici, env: {} },
  'built in': { load: builtIn, env: {} },
};
