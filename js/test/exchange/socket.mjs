// A WebSocket's part in an exchange, and what must be true of it.

import assert from 'node:assert/strict';

import { terminate, WebSocket } from 'isosocket/engine';

import { assertBegins, contentOf } from './messages.mjs';
import { FAREWELL } from './peer.mjs';
import { wait } from './turns.mjs';

/** Sends a message, and may look at what that does to `bufferedAmount`. */
function send(socket, content, looks) {
  const before = looks && socket.bufferedAmount;
  socket.send(content);
  if (looks) assert.equal(socket.bufferedAmount - before, content.size ?? Buffer.byteLength(content));
}

/** Takes part, until it is over. `opened`: what the peer makes of the connection. `hasBroken`: whether the network has. */
export async function ofSocket({ compresses, theirs, ours, after, end, answers, binaryType, pauses }, url, opened, hasBroken) {
  const socket = new WebSocket(url, { perMessageDeflate: compresses && { threshold: 0 } });
  socket.binaryType = binaryType;
  const events = [];
  const come = [];
  /** How many messages were sent, and how many are to come. */
  let sent = 0;
  let wanted;
  const sendNext = () => {
    if (sent === ours.length || socket.readyState !== WebSocket.OPEN) return;
    send(socket, contentOf(ours[sent], sent), sent % 3 > 0);
    sent += 1;
  };
  const act = () => {
    const isTime = come.length >= Math.min(after, theirs.length) && (answers || sent === ours.length);
    if (!isTime || socket.readyState !== WebSocket.OPEN) return;
    if (end === 'close') socket.close(4000, 'enough');
    if (end === 'terminate') terminate(socket);
    if (socket.readyState !== WebSocket.OPEN) wanted = come.length;
  };
  /** How many of ours the peer gets at least. */
  const leastOfOurs = () => {
    if (end !== 'peer closes') return sent;
    // The peer's Close frame may have come when they were sent, which is told later.
    if (!answers) return 0;
    // A message's answer goes out before the answer to what is behind the message, if that need not wait for a blob.
    const blob = ours.slice(0, sent).findIndex(({ kind }) => kind === 'blob');
    return blob < 0 ? sent : blob;
  };
  const closed = new Promise((resolve) => {
    socket.onopen = async () => {
      events.push('open');
      while (!answers && sent < ours.length && socket.readyState === WebSocket.OPEN) {
        sendNext();
        const turns = pauses[sent % pauses.length];
        if (turns > 0) await wait(turns);
      }
      act();
    };
    socket.onmessage = ({ data }) => {
      events.push('message');
      come.push(data);
      if (answers) sendNext();
      act();
    };
    socket.onerror = () => events.push('error');
    socket.onclose = (event) => {
      assert.equal(socket.readyState, WebSocket.CLOSED);
      events.push('close');
      resolve(event);
    };
  });
  const last = await closed;
  await wait(2);
  assert.match(events.map((event) => event[0]).join(''), /^(om*)?e?c$/);
  const data = await Promise.all(come.map((message) => (message instanceof Blob ? message.arrayBuffer() : message)));
  const isAll = await assertBegins(theirs, data, 'theirs');
  if (wanted !== undefined) assert.equal(come.length, wanted, 'a message has come to a socket that was closed');
  if (!last.wasClean) {
    assert.equal(last.code, 1006);
    assert.ok(end === 'terminate' || hasBroken(), 'it was not clean');
    return;
  }
  const peer = await opened;
  const its = await peer.closed;
  await assertBegins(ours, peer.come, 'ours');
  assert.ok(peer.come.length >= leastOfOurs(), 'not all of ours have come');
  if (end === 'close') {
    assert.deepEqual([last.code, last.reason], [4000, 'enough']);
    assert.deepEqual(its, { code: 4000, reason: 'enough' });
  } else {
    assert.deepEqual([last.code, last.reason], [FAREWELL.code, FAREWELL.reason]);
    assert.ok(isAll, 'not all of theirs have come');
  }
}
