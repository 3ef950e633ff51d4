// A program that is no ES module: required.cjs FILE URL, of which the latter is that of a server that echoes.

const [file, url] = process.argv.slice(2);
const { WebSocket } = require(file);

const socket = new WebSocket(url);
socket.onopen = () => socket.send('hello');
socket.onmessage = ({ data }) => {
  console.log(JSON.stringify({ outcome: data }));
  socket.close();
};
