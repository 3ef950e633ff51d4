// The class that those of this package extend which have event handlers: the host's EventTarget. But workerd's asks its
// object for the property `on…` before it calls the listeners, and calls what it gets: a handler would be called there, and
// again in its place among the listeners.

import { report } from './report.js';

const HostEventTarget = globalThis.EventTarget;

/** The object that is asked next by the host, and the type of its handler. */
let asked = [];

/** Whether it is the host that asks for a handler. Whoever asks next is the program. */
export function isHostAsking(target, type) {
  if (asked[0] !== target || asked[1] !== type) return false;
  asked = [];
  return true;
}

function defineEventTarget() {
  return class EventTarget extends HostEventTarget {
    dispatchEvent(event) {
      // To be refused.
      if (!(event instanceof Event) || event.eventPhase) return super.dispatchEvent(event);
      asked = [this, event.type];
      try {
        return super.dispatchEvent(event);
      } catch (error) {
        // Such a host lets through what a listener throws.
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
