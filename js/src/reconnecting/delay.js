// The delays of a ReconnectingWebSocket are on the program's clock: tests that wind it forward need not wait for a retry.

import { clearImmediate, setImmediate } from '../timers.js';

/**
 * Calls back after so many milliseconds, by the timers that there are at this moment.
 *
 * @param {number} delay
 * @param {() => void} callback
 * @param {boolean} keepsAlive whether the process is to go on until then, where that is a question
 * @returns {() => void} what takes it back, also when a test has put other timers in their place meanwhile
 */
export function after(delay, callback, keepsAlive = true) {
  const { setTimeout, clearTimeout } = globalThis;
  /** @type {any} */
  const timer = setTimeout(callback, delay);
  if (!keepsAlive) timer?.unref?.();
  return () => clearTimeout(timer);
}

/**
 * The same, behind what the host has received by then: it may have come in time, and the program been busy.
 *
 * @param {number} delay
 * @param {() => void} callback
 * @returns {() => void}
 */
export function afterAll(delay, callback) {
  let turn;
  const cancel = after(delay, () => {
    turn = setImmediate(callback);
  });
  return () => {
    cancel();
    clearImmediate(turn);
  };
}

/** The milliseconds on the program's clock, as it is at this moment. */
export const time = () => globalThis.performance.now();
