// https://dom.spec.whatwg.org/#aborting-ongoing-activities

import { isObject, toEnforcedUnsignedLongLong, toSequence } from './conversion.js';
import { DOMException } from './dom-exception.js';
import { Event } from './event.js';
import { dispatchTrusted, EventTarget, provide } from './event-target.js';
import { EventHandler } from './event-handler.js';
import { apply, defineProperty, push } from './intrinsics.js';
import { runAfter } from './timers.js';
import { defineInterface, requireArguments } from './webidl.js';

const CREATE = Symbol('create');

/** What the functions below do with a signal; each throws a TypeError when it is given anything but one. */
let stateOf;

/** What the algorithms know of a signal. */
class State {
  aborted = false;
  reason = undefined;
  algorithms = [];
  /**
   * Those made by AbortSignal.any() of this signal, which is none of that kind itself. Deviation: they live as long as it
   * does, also when nobody listens to them.
   */
  dependents = [];
  /** Those that this one was made of by AbortSignal.any(); nothing for other signals. */
  sources = undefined;
}
Object.freeze(State.prototype);

/** https://dom.spec.whatwg.org/#interface-AbortSignal */
export class AbortSignal extends EventTarget {
  #state = new State();
  #onabort = new EventHandler(this, 'abort');

  static {
    stateOf = (signal) => signal.#state;
  }

  constructor(...parameters) {
    if (parameters[0] !== CREATE) throw new TypeError('Illegal constructor');
    super();
  }

  static abort(reason = undefined) {
    const signal = createSignal();
    setReason(stateOf(signal), reason);
    return signal;
  }

  static timeout(milliseconds) {
    requireArguments(arguments.length, 1, "Failed to execute 'timeout' on 'AbortSignal'");
    const delay = toEnforcedUnsignedLongLong(milliseconds);
    const signal = createSignal();
    // 3. Run steps after a timeout given global, "AbortSignal-timeout", milliseconds, and the following step: [...]
    //    signal abort given signal and a new "TimeoutError" DOMException.
    runAfter(delay, () => signalAbort(signal, new DOMException('the time is over', 'TimeoutError')));
    return signal;
  }

  static any(signals) {
    requireArguments(arguments.length, 1, "Failed to execute 'any' on 'AbortSignal'");
    if (!isObject(signals)) throw new TypeError('the signals are not a sequence');
    const list = toSequence(signals, signals[Symbol.iterator], (signal) => {
      stateOf(signal);
      return signal;
    });
    return createDependentSignal(list);
  }

  get aborted() {
    return this.#state.aborted;
  }

  get reason() {
    return this.#state.reason;
  }

  throwIfAborted() {
    const { aborted, reason } = this.#state;
    if (aborted) throw reason;
  }

  get onabort() {
    return this.#onabort.value;
  }

  set onabort(value) {
    this.#onabort.value = value;
  }
}

defineInterface(AbortSignal, ['aborted', 'reason', 'throwIfAborted', 'onabort']);
for (const name of ['abort', 'timeout', 'any']) defineProperty(AbortSignal, name, { enumerable: true });

/** https://dom.spec.whatwg.org/#interface-abortcontroller */
export class AbortController {
  #signal = createSignal();

  get signal() {
    return this.#signal;
  }

  abort(reason = undefined) {
    signalAbort(this.#signal, reason);
  }
}

defineInterface(AbortController, ['signal', 'abort']);

export function createSignal() {
  return new AbortSignal(CREATE);
}

/** Whether the signal has been aborted; throws a TypeError when it is given anything but a signal. */
export function isAborted(signal) {
  return stateOf(signal).aborted;
}

export function abortReason(signal) {
  return stateOf(signal).reason;
}

/**
 * Has `algorithm` called, before the event is fired, when the signal is aborted.
 * https://dom.spec.whatwg.org/#abortsignal-add
 */
export function addAlgorithm(signal, algorithm) {
  const state = stateOf(signal);
  // 1. If signal is aborted, then return.
  if (state.aborted) return;
  // 2. Append algorithm to signal's abort algorithms.
  push(state.algorithms, algorithm);
}

/** https://dom.spec.whatwg.org/#abortsignal-remove */
export function removeAlgorithm(signal, algorithm) {
  const state = stateOf(signal);
  const kept = [];
  for (let index = 0; index < state.algorithms.length; index += 1) {
    if (state.algorithms[index] !== algorithm) push(kept, state.algorithms[index]);
  }
  state.algorithms = kept;
}

provide({ isAborted, addAlgorithm });

/** https://dom.spec.whatwg.org/#abortsignal-signal-abort */
export function signalAbort(signal, reason = undefined) {
  const state = stateOf(signal);
  // 1. If signal is aborted, then return.
  if (state.aborted) return;
  // 2. Set signal's abort reason to reason if it is given; otherwise to a new "AbortError" DOMException.
  setReason(state, reason);
  // 3. Let dependentSignalsToAbort be a new list.
  const dependentSignalsToAbort = [];
  // 4. For each dependentSignal of signal's dependent signals:
  for (let index = 0; index < state.dependents.length; index += 1) {
    const dependentSignal = state.dependents[index];
    // 4.1. If dependentSignal is not aborted: Set dependentSignal's abort reason to signal's abort reason. Append
    //      dependentSignal to dependentSignalsToAbort.
    if (isAborted(dependentSignal)) continue;
    setReason(stateOf(dependentSignal), state.reason);
    push(dependentSignalsToAbort, dependentSignal);
  }
  state.dependents = [];
  // 5. Run the abort steps for signal.
  runAbortSteps(signal);
  // 6. For each dependentSignal of dependentSignalsToAbort, run the abort steps for dependentSignal.
  for (let index = 0; index < dependentSignalsToAbort.length; index += 1) runAbortSteps(dependentSignalsToAbort[index]);
}

function setReason(state, reason) {
  state.aborted = true;
  state.reason = reason === undefined ? new DOMException('the operation was aborted', 'AbortError') : reason;
}

/** https://dom.spec.whatwg.org/#run-the-abort-steps */
function runAbortSteps(signal) {
  const state = stateOf(signal);
  const { algorithms } = state;
  // 1. For each algorithm of signal's abort algorithms: run algorithm.
  for (let index = 0; index < algorithms.length; index += 1) apply(algorithms[index], undefined, []);
  // 2. Empty signal's abort algorithms.
  state.algorithms = [];
  // 3. Fire an event named abort at signal.
  dispatchTrusted(signal, new Event('abort'));
}

/** https://dom.spec.whatwg.org/#create-a-dependent-abort-signal */
function createDependentSignal(signals) {
  // 1. Let resultSignal be a new object implementing signalInterface using realm.
  const resultSignal = createSignal();
  const result = stateOf(resultSignal);
  // 2. For each signal of signals: if signal is aborted, then set resultSignal's abort reason to signal's abort reason
  //    and return resultSignal.
  for (let index = 0; index < signals.length; index += 1) {
    if (!isAborted(signals[index])) continue;
    setReason(result, abortReason(signals[index]));
    return resultSignal;
  }
  // 3. Set resultSignal's dependent to true.
  result.sources = [];
  // 4. For each signal of signals: If signal's dependent is false, then: append signal to resultSignal's source
  //    signals, and resultSignal to signal's dependent signals. Otherwise, for each sourceSignal of signal's source
  //    signals: [the same with sourceSignal].
  for (let index = 0; index < signals.length; index += 1) {
    const { sources = [signals[index]] } = stateOf(signals[index]);
    for (let place = 0; place < sources.length; place += 1) {
      push(result.sources, sources[place]);
      push(stateOf(sources[place]).dependents, resultSignal);
    }
  }
  // 5. Return resultSignal.
  return resultSignal;
}
