// The events that a WebSocket fires, and a CloseEvent for hosts that have none, or an incomplete one.

import { defineCloseEvent } from './close-event.js';
import { EventTarget } from './event-target.js';
import { defineInterface } from './webidl.js';

/** The host's own class, whatever a program puts in its place afterwards. */
export const { Event } = globalThis;

/** Whether a host's class is what Web IDL asks for. One without the tag is incomplete in other ways, too. */
const isWhole = (Class) => Object.hasOwn(Class.prototype, Symbol.toStringTag);

/** The host's own class, or one that extends it, so that `instanceof` holds for both: Deno's does not convert its arguments. */
export const CloseEvent = globalThis.CloseEvent && isWhole(globalThis.CloseEvent)
  ? globalThis.CloseEvent
  : defineCloseEvent(globalThis.CloseEvent ?? Event);

/** A class that extends the host's own, with the tag that it lacks. */
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
