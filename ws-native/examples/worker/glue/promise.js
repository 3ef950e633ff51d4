// Promises in the words of Web IDL, whatever a script does to Promise and its prototype.
// https://webidl.spec.whatwg.org/#idl-promise

const BuiltinPromise = Promise;
const { then } = Promise.prototype;
const { apply } = Reflect;

/** "A new promise": one that is pending, with what settles it. */
export class PromiseCapability {
  promise;
  isPending = true;
  #resolve;
  #reject;

  constructor() {
    this.promise = new BuiltinPromise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  resolve(value) {
    this.isPending = false;
    this.#resolve(value);
  }

  reject(reason) {
    this.isPending = false;
    this.#reject(reason);
  }

  /** "A promise resolved with": settled already, in the place of one that is pending. */
  static resolvedWith(value) {
    const capability = new PromiseCapability();
    capability.resolve(value);
    return capability;
  }

  /** "A promise rejected with", whose rejection counts as handled. */
  static rejectedWith(reason) {
    const capability = new PromiseCapability();
    capability.reject(reason);
    setPromiseIsHandled(capability.promise);
    return capability;
  }
}

export function promiseResolvedWith(value) {
  return new BuiltinPromise((resolve) => resolve(value));
}

export function promiseRejectedWith(reason) {
  return new BuiltinPromise((_, reject) => reject(reason));
}

/** To react to a promise, also "upon fulfillment" and "upon rejection"; gives a promise of what the steps return. */
export function reactTo(promise, onFulfilled, onRejected) {
  return apply(then, promise, [onFulfilled, onRejected]);
}

/** Set promise.[[PromiseIsHandled]] to true. */
export function setPromiseIsHandled(promise) {
  reactTo(promise, undefined, () => {});
}

export function queueMicrotask(steps) {
  reactTo(promiseResolvedWith(undefined), steps);
}

/** "Getting a promise to wait for all", of which there is one at least: rejected with the first rejection. */
export function waitForAll(promises) {
  const all = new PromiseCapability();
  let pending = promises.length;
  for (let index = 0; index < promises.length; index += 1) {
    reactTo(promises[index], () => {
      pending -= 1;
      if (pending === 0) all.resolve(undefined);
    }, (reason) => all.reject(reason));
  }
  return all.promise;
}

/** An operation or attribute whose type is a promise throws nothing: it rejects. */
export function promiseOf(steps) {
  try {
    return steps();
  } catch (error) {
    return promiseRejectedWith(error);
  }
}
