// An HTTP proxy, one that is spoken to in TLS, and a SOCKS 5 proxy, which ask for a name and a password.

import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';

import { readBytes } from '../peer.mjs';

const NAME = 'us er';
const PASSWORD = 'secret';

/**
 * Starts them; gives their addresses, and `close()`.
 *
 * @param {{ cert: string, key: string }} [identity] that of the proxy in TLS, for `localhost`; there is none without it
 */
export async function startProxies(identity) {
  const sockets = new Set();
  const servers = [asProxy(http.createServer()), net.createServer(beSocksProxy)];
  if (identity) servers.push(asProxy(https.createServer(identity)));
  for (const server of servers) {
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  const [plain, socks, secure] = servers.map((server) => server.address().port);
  const at = (host, port) => `${encodeURIComponent(NAME)}:${PASSWORD}@${host}:${port}`;
  const close = () => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    http: `http://${at('127.0.0.1', plain)}`,
    socks: `socks5://${at('127.0.0.1', socks)}`,
    https: secure && `https://${at('localhost', secure)}`,
    close,
  };
}

function asProxy(server) {
  const expected = `Basic ${btoa(`${NAME}:${PASSWORD}`)}`;
  server.on('connect', (request, client) => {
    if (request.headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    const [host, port] = request.url.split(':');
    join(client, host, Number(port), 'HTTP/1.1 200 Connection established\r\nX-Filler: 1\r\n\r\n');
  });
  return server;
}

async function beSocksProxy(client) {
  const take = async (count) => {
    const bytes = await readBytes(client, count);
    if (bytes.length > count) client.unshift(bytes.subarray(count));
    return bytes.subarray(0, count);
  };
  const [, methods] = await take(2);
  if (!(await take(methods)).includes(2)) {
    client.end(Buffer.of(5, 0xff));
    return;
  }
  client.write(Buffer.of(5, 2));
  const name = String(await take((await take(2))[1]));
  const password = String(await take((await take(1))[0]));
  const isRight = name === NAME && password === PASSWORD;
  client.write(Buffer.of(1, isRight ? 0 : 1));
  if (!isRight) {
    client.end();
    return;
  }
  const [, , , kind] = await take(4);
  const host = kind === 3 ? String(await take((await take(1))[0])) : [...await take(4)].join('.');
  const port = (await take(2)).readUInt16BE();
  join(client, host, port, Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
}

/** Hands a connection through, once it has been made. */
function join(client, host, port, greeting) {
  // A server that has ended its side may go on reading: what the client still writes is no error before it has the server's last bytes.
  const server = net.connect({ host: host === 'localhost' ? '127.0.0.1' : host, port, allowHalfOpen: true });
  server.on('error', () => client.destroy());
  client.on('close', () => server.destroy());
  server.once('connect', () => {
    client.write(greeting);
    server.pipe(client);
    client.pipe(server);
  });
}
