import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createSession, loadEngine } from '../dist/engine.js';
import { END, TASKS } from '../dist/flags.js';
import { loadModule } from '../dist/host/module-file.js';
import { stillborn } from '../dist/mortal-session.js';
import { Session } from '../dist/wasm/isosocket_engine.js';

loadEngine(loadModule);

const trap = () => { throw new WebAssembly.RuntimeError('unreachable'); };
const sessionWith = (apply, died = () => {}) => createSession('host.test', '/', [], [], apply, 0, died);

test('one that dies as it is made says so, and ends', () => {
  let told = 0;
  const session = sessionWith(trap, () => { told += 1; });
  assert.deepEqual([told, session.ready_state, session.poll(0)], [1, 2, END | TASKS]);
  assert.deepEqual([session.next_task(), session.task_failed(), session.task_code()], [4, true, 1006]);
  assert.deepEqual([session.ready_state, session.poll(0), session.next_task()], [3, END, 0]);
});

test('one that dies when it has told of its end does not do it again', (t) => {
  const reason = t.mock.method(Session.prototype, 'next_task', () => 4);
  const session = sessionWith(() => {});
  session.next_task();
  reason.mock.restore();
  t.mock.method(Session.prototype, 'poll', trap);
  assert.deepEqual([session.poll(0), session.ready_state, session.next_task()], [END, 3, 0]);
});

test('what the engine throws by itself is for the program', () => {
  assert.throws(() => sessionWith(() => {}).send_text('x'), { name: 'InvalidStateError' });
  assert.throws(() => sessionWith(() => { throw new TypeError('of the program'); }), TypeError);
});

test('a dead one has all members of one that lives', () => {
  const dead = stillborn(new WebAssembly.RuntimeError(), () => {});
  const own = ['constructor', 'free', '__destroy_into_raw'];
  const missing = Object.getOwnPropertyNames(Session.prototype).filter((name) => !own.includes(name) && !(name in dead));
  assert.deepEqual(missing, []);
});
