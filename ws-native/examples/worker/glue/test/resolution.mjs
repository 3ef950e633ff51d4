// Where the modules of the worker find what they import, when Node runs them: to be registered by `module.register`.

const glue = new URL('../', import.meta.url).href;

/** What the worker has under these names is not beside them. */
const ELSEWHERE = {
  './webidl.js': new URL('../../../../../js/src/webidl.js', import.meta.url).href,
  // Node's own: it is the streams that are tested.
  './abort.js': 'data:text/javascript,export const { AbortController, AbortSignal } = globalThis',
};

export function resolve(specifier, context, nextResolve) {
  const isImportedByGlue = context.parentURL?.startsWith(glue) && !context.parentURL.startsWith(`${glue}test/`);
  if (isImportedByGlue && specifier in ELSEWHERE) return { url: ELSEWHERE[specifier], shortCircuit: true };
  return nextResolve(specifier, context);
}
