/** Tells of an exception as a host does of one in a listener. Not all have the function for that. */
export function report(error) {
  if (globalThis.reportError) reportError(error);
  else queueMicrotask(() => { throw error; });
}
