// What init() takes: where a WebAssembly module is, or what it is.

/** Classes of what is taken; a host need not have all of them. */
const sourceClasses = () => [URL, ArrayBuffer, globalThis.Request, globalThis.Response, globalThis.WebAssembly?.Module];

/**
 * Makes a function init(): it loads once, whatever it is given later; what has failed can be tried again.
 *
 * @param {string} name the module it belongs to, for its messages
 * @param {(source: any) => Promise<void>} load is given what the program has given, or undefined
 * @returns {(source?: any) => Promise<void>}
 */
export function loadingOnce(name, load) {
  let loading;
  const start = async (source) => {
    const given = await source;
    requireSource(name, given);
    await load(given);
  };
  return (source) => {
    loading ??= start(source).catch((error) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
}

function requireSource(name, value) {
  const isSource = value === undefined || typeof value === 'string' || ArrayBuffer.isView(value) ||
    sourceClasses().some((Class) => Class !== undefined && value instanceof Class);
  if (isSource) return;
  const what = value === null ? 'null' : typeof value;
  throw new TypeError(`${name}: init() takes a URL, bytes, a Response or a WebAssembly.Module, and was given ${what}`);
}

/** Words for where a module was to come from. */
export function placeOf(source) {
  if (source === undefined) return 'beside the package: give its URL to init()';
  if (typeof source === 'string' || source instanceof URL) return `${source}`;
  return source.url || 'what init() was given';
}
