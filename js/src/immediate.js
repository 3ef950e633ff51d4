// A call in a turn of the event loop of its own: workerd has had a function for that by itself since late in 2026.

export const setImmediate = globalThis.setImmediate ?? ((callback) => setTimeout(callback, 0));

export const clearImmediate = globalThis.clearImmediate ?? clearTimeout;
