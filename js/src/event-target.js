// The class that classes with event handlers extend: the host's EventTarget. Before workerd's calls the listeners, it reads the
// property `on…` of the object and calls what it gets: a handler would be called then, and again in its place among the
// listeners.

import { report } from './report.js';

const HostEventTarget = globalThis.EventTarget;

/** The object whose property the host reads next, and the type of the event. */
let asked = [];

/** Whether it is the host that reads the property. Whoever reads it next is the program. */
export function isHostAsking(target, type) {
  if (asked[0] !== target || asked[1] !== type) return false;
  asked = [];
  return true;
}

function defineEventTarget() {
  return class EventTarget extends HostEventTarget {
    dispatchEvent(event) {
      // It refuses these itself.
      if (!(event instanceof Event) || event.eventPhase) return super.dispatchEvent(event);
      asked = [this, event.type];
      try {
        return super.dispatchEvent(event);
      } catch (error) {
        // This host lets an exception of a listener through, which is to be reported.
        report(error);
        return !event.defaultPrevented;
      } finally {
        asked = [];
      }
    }
  };
}

/** Only workerd has that. */
export let EventTarget = globalThis.WebSocketPair ? /* @__PURE__ */ defineEventTarget() : HostEventTarget;

// The EventTarget of happy-dom, in which tests run, reads the property as well, but behind the listeners. What there is against
// that is not in pages, where it would cost too much.

/** Has classes that are made from now on heed a host that reads the property behind the listeners. */
export function heedLateReading() {
  if (readsLate(EventTarget)) EventTarget = /** @type {any} */ (defineLateEventTarget(EventTarget));
}

function readsLate(Target) {
  let isRead = false;
  class Probe extends Target {
    get onprobe() {
      isRead = !isHostAsking(this, 'probe');
      return null;
    }
  }
  new Probe().dispatchEvent(new Event('probe'));
  return isRead;
}

function defineLateEventTarget(Target) {
  return class EventTarget extends Target {
    dispatchEvent(event) {
      // It refuses these itself, or calls this method for each phase of an event.
      if (!(event instanceof Event) || event.eventPhase) return super.dispatchEvent(event);
      const { type } = event;
      const expect = () => {
        asked = [this, type];
      };
      // Behind all others: what the program reads in them it gets.
      super.addEventListener(type, expect);
      try {
        return super.dispatchEvent(event);
      } catch (error) {
        report(error);
        return !event.defaultPrevented;
      } finally {
        super.removeEventListener(type, expect);
        asked = [];
      }
    }
  };
}
