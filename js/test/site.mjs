// A web site for the tests in browsers: files of some folders, pages, and WebSocket endpoints of the same origin.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

import { WebSocketServer } from 'ws';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/**
 * Serves on a free port of the loopback interface. `folders` and `pages` map the beginnings of paths to folders, and
 * paths to pages: `{ html, headers }`.
 *
 * @returns its address, and what ends it with all its connections
 */
export async function serveSite({ folders = {}, pages = {} }) {
  const server = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://h');
    const page = pages[pathname];
    if (page) {
      response.writeHead(200, { 'Content-Type': 'text/html', ...page.headers }).end(page.html);
      return;
    }
    try {
      const prefix = Object.keys(folders).find((beginning) => pathname.startsWith(beginning));
      const bytes = await readFile(path.join(folders[prefix], pathname.slice(prefix.length)));
      response.setHeader('Content-Type', TYPES[path.extname(pathname)] ?? 'text/plain').end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  offerSockets(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, stop };
}

/** What the endpoints do besides sending back what they are sent. */
const ENDPOINTS = {
  '/close': (peer) => peer.close(4321, 'goodbye'),
  // More than a reader that does not read is to get, then how the client has closed.
  '/flood': (peer, told) => {
    for (let count = 0; count < 5; count += 1) peer.send(Buffer.alloc(1000, count));
    peer.once('close', (code, reason) => told(`${code} ${reason}`));
  },
};

/** `/told` answers with what the other endpoints have to tell of their clients. */
function offerSockets(server) {
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered].at(-1) });
  let told;
  const news = new Promise((resolve) => { told = resolve; });
  sockets.on('connection', (peer, { url }) => {
    peer.on('error', () => {});
    ENDPOINTS[url]?.(peer, told);
    if (url === '/told') news.then((text) => peer.send(text));
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
  });
}
