// The events a WebSocket fires, and CloseEvent for hosts that have none.

import { defineCloseEvent } from './close-event.js';
import { EventTarget } from './event-target.js';
import { defineInterface } from './webidl.js';

/** The host's own class, whatever a program puts in its place afterwards. */
export const { Event } = globalThis;

/** The host's own class where it has one, for `instanceof` to hold for both. */
export const CloseEvent = globalThis.CloseEvent ?? defineCloseEvent(Event);

/** The host's own class, under its name also as a string; Node's lacks the tag that Web IDL gives it. */
function defineMessageEvent(HostMessageEvent) {
  class MessageEvent extends HostMessageEvent {}
  defineInterface(MessageEvent, []);
  return MessageEvent;
}

export const MessageEvent = Object.hasOwn(globalThis.MessageEvent.prototype, Symbol.toStringTag)
  ? globalThis.MessageEvent
  : defineMessageEvent(globalThis.MessageEvent);

const { dispatchEvent } = EventTarget.prototype;

/** Fires an event at a target, whatever a program has done to the target's own `dispatchEvent`. */
export function fire(target, event) {
  Reflect.apply(dispatchEvent, target, [event]);
}
