// What is to be done when a signal aborts.

const { apply } = Reflect;

/** For a class that inherits the getter from one whose getter answers for any object. */
function inheritedAborted() {
  if (!(this instanceof AbortSignal)) throw new TypeError('Illegal invocation');
  return this.aborted;
}

/** Over the host's AbortSignal as it is at this moment. */
export function defineAbortSteps() {
  // Such a class is that of happy-dom, in which tests run.
  const abortedOf = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted')?.get ?? inheritedAborted;
  const { any } = AbortSignal;
  const { addEventListener, removeEventListener } = AbortSignal.prototype;

  const isAbortedSignal = (signal) => {
    try {
      return apply(abortedOf, signal, []);
    } catch {
      throw new TypeError('signal is not an AbortSignal');
    }
  };

  /** The steps of all who wait for a signal. It is listened to as long as there are any, and once: Node warns of many listeners. */
  class AbortSteps {
    /** What is listened to: a signal of its own, if it can be, which no script can keep from being heard. */
    #signal;
    #steps = new Set();

    constructor(given) {
      // Node has `any` since 20.3.
      this.#signal = any ? apply(any, AbortSignal, [[given]]) : given;
    }

    add(step) {
      if (this.#steps.size === 0) apply(addEventListener, this.#signal, ['abort', this.#run]);
      this.#steps.add(step);
    }

    delete(step) {
      this.#steps.delete(step);
      if (this.#steps.size === 0) apply(removeEventListener, this.#signal, ['abort', this.#run]);
    }

    #run = () => {
      // What a script dispatches is no abort.
      if (!isAbortedSignal(this.#signal)) return;
      const { reason } = this.#signal;
      for (const step of this.#steps) step(reason);
    };
  }

  /** Those of each signal: Node 20 keeps with it, for good, whatever was made to depend on it. */
  const known = new WeakMap();

  const abortStepsOf = (signal) => {
    if (!known.has(signal)) known.set(signal, new AbortSteps(signal));
    return known.get(signal);
  };

  return { isAbortedSignal, abortStepsOf };
}
