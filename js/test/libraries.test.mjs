// Libraries that are given a WebSocket class, over the package's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';

import { WebSocket as EngineIOTransport } from 'engine.io-client';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocket as ReconnectingWebSocket } from 'partysocket';
import { Server } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocketServer } from 'ws';

import { WebSocket } from 'isosocket';

import { LIMIT } from './peer.mjs';

/** Waits for an event, with a limit. */
const next = (target, name) => once(target, name, { signal: AbortSignal.timeout(LIMIT) });

/** A server on a free port, closed when the test ends. */
async function listen(t) {
  const server = http.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `ws://127.0.0.1:${server.address().port}` };
}

test('graphql-ws: a query, a subscription, and an error', async (t) => {
  const { server, url } = await listen(t);
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString, resolve: () => 'w\u00f6rld' } } }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      fields: {
        greetings: {
          type: GraphQLString,
          async *subscribe() {
            for (const greetings of ['hi', 'bonjour', 'hola']) yield { greetings };
          },
        },
      },
    }),
  });
  const sockets = new WebSocketServer({ server });
  const disposable = useServer({ schema }, sockets);
  t.after(() => disposable.dispose());
  const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
  const results = async (query) => {
    const received = [];
    for await (const { data, errors } of client.iterate({ query })) received.push(errors ? errors[0].message : { ...data });
    return received;
  };
  assert.deepEqual(await results('{ hello }'), [{ hello: 'w\u00f6rld' }]);
  assert.deepEqual(await results('subscription { greetings }'), ['hi', 'bonjour', 'hola'].map((greetings) => ({ greetings })));
  await assert.rejects(results('{ nothing }'), ([{ message }]) => /nothing/.test(message));
  const closed = new Promise((resolve) => client.on('closed', resolve));
  await client.dispose();
  const { code, wasClean } = await closed;
  assert.deepEqual([code, wasClean], [1000, true]);
});

test('partysocket: messages, and a new connection for one that was lost', async (t) => {
  const { server, url } = await listen(t);
  const sockets = new WebSocketServer({ server });
  const peers = [];
  sockets.on('connection', (peer) => {
    peers.push(peer);
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
  });
  const socket = new ReconnectingWebSocket(url, [], { WebSocket, minReconnectionDelay: 1, maxReconnectionDelay: 10 });
  socket.binaryType = 'arraybuffer';
  // What is sent before there is a connection waits for it.
  socket.send('one');
  assert.equal((await next(socket, 'message'))[0].data, 'one');
  const lost = next(socket, 'error');
  const again = next(socket, 'open');
  peers[0].terminate();
  await lost;
  await again;
  assert.equal(socket.readyState, WebSocket.OPEN);
  socket.send(new Uint8Array([1, 2]));
  assert.deepEqual(new Uint8Array((await next(socket, 'message'))[0].data), new Uint8Array([1, 2]));
  assert.equal(peers.length, 2);
  const closed = next(peers[1], 'close');
  socket.close(3000, 'done');
  const [code, reason] = await closed;
  assert.deepEqual([code, String(reason)], [3000, 'done']);
});

test('socket.io-client: text and binary, with acknowledgement', async (t) => {
  const { server, url } = await listen(t);
  const sockets = new Server(server);
  t.after(() => sockets.close());
  sockets.on('connection', (peer) => peer.on('echo', (text, bytes, acknowledge) => acknowledge([text, bytes])));

  class Transport extends EngineIOTransport {
    createSocket(uri, protocols) {
      const socket = new WebSocket(uri, protocols ?? []);
      // In Node the library asks for "nodebuffer", which is none of the standard's, and takes this as well.
      socket.binaryType = 'arraybuffer';
      return socket;
    }
  }
  const client = io(url.replace('ws:', 'http:'), { transports: [Transport], reconnection: false });
  t.after(() => client.disconnect());
  const [text, bytes] = await client.timeout(LIMIT).emitWithAck('echo', 'h\u00e9llo', new Uint8Array([1, 2, 3]));
  assert.equal(text, 'h\u00e9llo');
  assert.deepEqual([...bytes], [1, 2, 3]);
  assert.ok(client.io.engine.transport.ws instanceof WebSocket);
  const gone = new Promise((resolve) => client.on('disconnect', resolve));
  client.disconnect();
  assert.equal(await gone, 'io client disconnect');
});
