// The events a WebSocket fires, and CloseEvent for hosts that have none, or none that is whole.

import { defineCloseEvent } from './close-event.js';
import { EventTarget } from './event-target.js';
import { defineInterface } from './webidl.js';

/** The host's own class, whatever a program puts in its place afterwards. */
export const { Event } = globalThis;

/** Whether a host's class is as Web IDL has it: a class without its tag is not, in whatever else. */
const isWhole = (Class) => Object.hasOwn(Class.prototype, Symbol.toStringTag);

/** The host's own class, or one over it, for `instanceof` to hold for both: Deno's converts nothing that it is given. */
export const CloseEvent = globalThis.CloseEvent && isWhole(globalThis.CloseEvent)
  ? globalThis.CloseEvent
  : defineCloseEvent(globalThis.CloseEvent ?? Event);

/** One over the host's own, under its name also as a string. */
function defineMessageEvent(HostMessageEvent) {
  class MessageEvent extends HostMessageEvent {}
  defineInterface(MessageEvent, []);
  return MessageEvent;
}

export const MessageEvent = isWhole(globalThis.MessageEvent) ? globalThis.MessageEvent : defineMessageEvent(globalThis.MessageEvent);

const { dispatchEvent } = EventTarget.prototype;

/** Fires an event at a target, whatever a program has done to the target's own `dispatchEvent`. */
export function fire(target, event) {
  Reflect.apply(dispatchEvent, target, [event]);
}
