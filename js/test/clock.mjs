// A clock that a test winds forward. It is to be imported before the package, which takes the host's as it is loaded.

const { setTimeout, clearTimeout } = globalThis;
const now = performance.now.bind(performance);

let timers = { setTimeout, clearTimeout };
let passed = 0;

globalThis.setTimeout = /** @type {any} */ ((...given) => timers.setTimeout(...given));
globalThis.clearTimeout = (timer) => timers.clearTimeout(timer);
performance.now = () => now() + passed;

/** What lets time pass as the test likes: for the clock, and for the timers, which are given the turn they ask for. */
export function clockOf(t) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  timers = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  t.after(() => {
    timers = { setTimeout, clearTimeout };
  });
  return (milliseconds) => {
    passed += milliseconds;
    t.mock.timers.tick(milliseconds);
    return new Promise(setImmediate);
  };
}
