// A WebSocketStream's part in an exchange, and what must be true of it.

import assert from 'node:assert/strict';

import { WebSocketStream } from 'isosocket/engine';

import { assertBegins, contentOf } from './messages.mjs';
import { FAREWELL } from './peer.mjs';
import { wait } from './turns.mjs';

/** Takes part, until it is over. `opened`: what the peer makes of the connection. `hasBroken`: whether the network has. */
export async function ofStream({ compresses, theirs, ours, after, end, awaits, pauses }, url, opened, hasBroken) {
  const stream = new WebSocketStream(url, { perMessageDeflate: compresses && { threshold: 0 } });
  const come = [];
  let isDone = false;
  let failure;
  const info = await stream.opened.catch((error) => { failure = error; });
  if (!info) {
    assert.ok(hasBroken(), String(failure));
    assert.equal(failure.name, 'WebSocketError');
    assert.equal((await stream.closed.catch((error) => error)).closeCode, 1006);
    return;
  }
  const reader = info.readable.getReader();
  const writer = info.writable.getWriter();
  writer.closed.catch(() => {});
  const written = [];
  const writing = (async () => {
    for (const [index, message] of ours.entries()) {
      const writes = writer.write(contentOf(message, index));
      written.push(writes.then(() => true, () => false));
      if (awaits && !(await written.at(-1))) break;
    }
    await Promise.all(written);
  })();
  const reading = (async () => {
    for (;;) {
      await wait(pauses[come.length % pauses.length]);
      if (come.length === Math.min(after, theirs.length) && !isDone) {
        isDone = true;
        if (end === 'close') stream.close({ closeCode: 4000, reason: 'enough' });
        if (end === 'cancel') await reader.cancel();
        if (end === 'abort') await writer.abort();
        if (end === 'close writable') writing.then(() => writer.close()).catch(() => {});
      }
      const { done, value } = await reader.read();
      if (done) return 'done';
      come.push(value);
    }
  })().catch((error) => error);
  const outcome = await stream.closed.then((how) => how, (error) => error);
  const ending = await reading;
  await writing;
  const isAll = await assertBegins(theirs, come, 'theirs');
  if (outcome instanceof Error) {
    assert.equal(outcome.name, 'WebSocketError');
    const isIncomplete = end === 'peer closes' && (await Promise.all(written)).includes(false);
    assert.ok(hasBroken() || isIncomplete, `it was not clean: ${outcome.closeCode} ${outcome}`);
    return;
  }
  assert.equal(ending, 'done');
  const peer = await opened;
  const its = await peer.closed;
  const hasAllOurs = await assertBegins(ours, peer.come, 'ours');
  if (end.startsWith('peer')) {
    assert.deepEqual(outcome, { closeCode: FAREWELL.code, reason: FAREWELL.reason });
    assert.ok(isAll, 'not all of theirs have come');
    if (end === 'peer closes when all has come') assert.ok(hasAllOurs);
  }
  if (end === 'close') assert.deepEqual(its, { code: 4000, reason: 'enough' });
  if (end === 'close writable') assert.ok(hasAllOurs, 'not all of ours have come');
}
