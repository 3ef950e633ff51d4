// The host's timers and its clock, taken as the module is loaded: a program that puts others in their place afterwards, as
// tests do that wind the clock forward, does not hold up a connection.
//
// What pages have no use for is marked as pure: a bundler leaves it out of them.

export const { setTimeout } = globalThis;

/** The longest delay a timer can have, in milliseconds. */
export const LONGEST_DELAY = 0x7fffffff;

export const clearTimeout = /* @__PURE__ */ (() => globalThis.clearTimeout)();

export const queueMicrotask = /* @__PURE__ */ (() => globalThis.queueMicrotask)();

/** A call in a turn of the event loop of its own: workerd has had a function for that by itself since late in 2026. */
export const setImmediate = /* @__PURE__ */ (() => globalThis.setImmediate ?? /** @type {any} */ ((callback) => setTimeout(callback, 0)))();

export const clearImmediate = /* @__PURE__ */ (() => globalThis.clearImmediate ?? /** @type {any} */ (clearTimeout))();

/** The milliseconds on a clock that never goes back. */
export const now = /* @__PURE__ */ (({ performance }) => performance.now.bind(performance))(globalThis);
