// The events of sockets, and how they are listened to.

export interface CloseEventInit {
  bubbles?: boolean | undefined;
  cancelable?: boolean | undefined;
  composed?: boolean | undefined;
  wasClean?: boolean | undefined;
  code?: number | undefined;
  reason?: string | undefined;
}

/** The event that ends every socket's life. */
export declare class CloseEvent extends Event {
  constructor(type: string, eventInitDict?: CloseEventInit);
  /** Whether both sides have said goodbye before the connection ended. */
  readonly wasClean: boolean;
  /** The code of the peer's Close frame; 1005 if it had none, 1006 if there was no Close frame. */
  readonly code: number;
  /** The reason of the peer's Close frame. */
  readonly reason: string;
}

export interface WebSocketEventMap {
  open: Event;
  message: MessageEvent;
  error: Event;
  close: CloseEvent;
  /** The answer to a ping: see `ping` of `isosocket/engine`. No other socket has it. */
  pong: MessageEvent;
}

export interface WebSocketListenerOptions {
  capture?: boolean | undefined;
}

export interface WebSocketAddListenerOptions extends WebSocketListenerOptions {
  once?: boolean | undefined;
  passive?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** An EventTarget that fires these events. It is a type alone, and no class that there is. */
export declare abstract class Listened<Events> extends EventTarget {
  addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: (this: this, event: Events[Type]) => any,
    options?: boolean | WebSocketAddListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: ((event: Event) => void) | { handleEvent(event: Event): void } | null,
    options?: boolean | WebSocketAddListenerOptions,
  ): void;
  removeEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: (this: this, event: Events[Type]) => any,
    options?: boolean | WebSocketListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: ((event: Event) => void) | { handleEvent(event: Event): void } | null,
    options?: boolean | WebSocketListenerOptions,
  ): void;
}
