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
export const EventTarget = globalThis.WebSocketPair ? /* @__PURE__ */ defineEventTarget() : HostEventTarget;
