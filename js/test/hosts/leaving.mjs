// Has done with a connection whose peer reads nothing, in Node, Deno or Bun: leaving.mjs MODULE SETTING, of which the latter is JSON.
// The process is to end by itself.

const [module, setting] = process.argv.slice(2);
const { act, url, options, other } = JSON.parse(setting);
const { terminate, unref, WebSocket } = await import(module);

/** Sends more than a network takes from which nobody reads. */
function fill(socket) {
  for (let count = 0; count < 64; count += 1) socket.send(new Uint8Array(1 << 20));
}

const ACTS = {
  terminate(socket) {
    fill(socket);
    // What can go out does meanwhile.
    const echo = new WebSocket(other);
    echo.onopen = () => echo.close();
    echo.onclose = () => terminate(socket);
  },
  closeTimeout(socket) {
    fill(socket);
    socket.close();
  },
  unref,
  // The peer ends the connection.
  fill,
};

const socket = new WebSocket(url, { ...options, closeTimeout: 200 });
socket.onopen = () => {
  console.log('open');
  ACTS[act](socket);
};
socket.onclose = ({ code }) => console.log(code);
