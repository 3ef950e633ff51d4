// The delays of a ReconnectingWebSocket are on the program's clock: tests that wind it forward need not wait for a retry.

/**
 * Calls back after so many milliseconds, by the timers that there are at this moment.
 *
 * @returns {() => void} what takes it back, also when a test has put other timers in their place meanwhile
 */
export function after(delay, callback) {
  const { setTimeout, clearTimeout } = globalThis;
  const timer = setTimeout(callback, delay);
  return () => clearTimeout(timer);
}
