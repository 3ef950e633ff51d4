// The host's timers and its clock, taken as the module is loaded: a program that puts others in their place afterwards, as
// tests do that wind the clock forward, does not hold up a connection.
//
// The clock is marked as pure: a bundler leaves it out of pages, which have no use for it.

export const { setTimeout, clearTimeout, queueMicrotask } = globalThis;

/** A call in a turn of the event loop of its own: workerd has had a function for that by itself since late in 2026. */
export const setImmediate = globalThis.setImmediate ?? /** @type {any} */ ((callback) => setTimeout(callback, 0));

export const clearImmediate = globalThis.clearImmediate ?? /** @type {any} */ (clearTimeout);

/** The milliseconds on a clock that never goes back. */
export const now = /* @__PURE__ */ (({ performance }) => performance.now.bind(performance))(globalThis);
