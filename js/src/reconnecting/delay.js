// The delays of a ReconnectingWebSocket are on the program's clock: tests that wind it forward need not wait for a retry.

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

/** The milliseconds on the program's clock, as it is at this moment. */
export const time = () => globalThis.performance.now();
