// When it is worth while to look at once, and not to wait for a timer, which may have slept with the device.

/** Calls back when there is a network again, and when the page is to be seen again. @returns what ends it */
export function onWake(callback) {
  const { document } = globalThis;
  const seen = () => {
    if (document.visibilityState === 'visible') callback();
  };
  // Not every host has these events.
  globalThis.addEventListener?.('online', callback);
  document?.addEventListener?.('visibilitychange', seen);
  return () => {
    globalThis.removeEventListener?.('online', callback);
    document?.removeEventListener?.('visibilitychange', seen);
  };
}
