// The language's own functions, taken before a script runs: one that replaces them afterwards changes nothing here.

export const { apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;

/** A method as a function of the object and the parameters. */
export function uncurry(method) {
  return (receiver, ...parameters) => apply(method, receiver, parameters);
}

/** The getter of an attribute, as a function of the object. */
export function getterOf(prototype, name) {
  const { get } = getOwnPropertyDescriptor(prototype, name);
  return (receiver) => apply(get, receiver, []);
}

/** Appends items as properties of their own: a setter that a script gives to all arrays gets none of them. */
export function push(list, ...items) {
  for (let index = 0; index < items.length; index += 1) {
    defineProperty(list, list.length, {
      __proto__: null, value: items[index], writable: true, enumerable: true, configurable: true,
    });
  }
}

export const join = uncurry(Array.prototype.join);
export const includes = uncurry(Array.prototype.includes);

export const charCodeAt = uncurry(String.prototype.charCodeAt);
export const indexOf = uncurry(String.prototype.indexOf);
export const replaceAll = uncurry(String.prototype.replaceAll);
export const split = uncurry(String.prototype.split);
export const slice = uncurry(String.prototype.slice);
export const toLowerCase = uncurry(String.prototype.toLowerCase);

/** The match of a pattern, and whether there is one; RegExp's own `test` calls the `exec` of the prototype. */
export const exec = uncurry(RegExp.prototype.exec);
export const test = (pattern, string) => exec(pattern, string) !== null;

export const { isView } = ArrayBuffer;
export const subarray = uncurry(Uint8Array.prototype.subarray);
export const bufferOf = getterOf(getPrototypeOf(Uint8Array.prototype), 'buffer');
/** Copies the bytes of one array into another, from an offset on. */
export const setBytes = uncurry(Uint8Array.prototype.set);

export const then = uncurry(Promise.prototype.then);

/** A class whose methods are its own, so that those of its parent may change. */
function withOwnMethods(Parent) {
  class Own extends Parent {
    constructor() {
      super();
    }
  }
  for (const name of ownKeys(Parent.prototype)) {
    if (name === 'constructor') continue;
    defineProperty(Own.prototype, name, getOwnPropertyDescriptor(Parent.prototype, name));
  }
  return Own;
}

/** To be walked with `forEach`: the iterators that `for` uses can be replaced. */
export const OwnMap = withOwnMethods(Map);
export const OwnWeakMap = withOwnMethods(WeakMap);
