/** How values are written into messages, and read out of them. */
export interface Codec<In, Out> {
  /** Throws for a value that it cannot express. */
  encode(value: Out): string | ArrayBuffer | ArrayBufferView;
  /** Throws for a message that is no such value. */
  decode(message: string | ArrayBuffer | Uint8Array): In;
}

/** A message: its value, or why it has none. */
export type Received<In> =
  | { ok: true; value: In }
  | { ok: false; error: unknown; message: string | ArrayBuffer | Uint8Array };

/** An open connection whose messages are values. */
export interface TypedConnection<In, Out> {
  /**
   * A chunk for each message. One that cannot be decoded is a chunk, too, and the next one may be as it should. Nothing is
   * read ahead, and cancelling it closes the connection.
   */
  readable: ReadableStream<Received<In>>;
  /**
   * Sends a value; messages go out in the order of the calls. Fulfilled when there is room for more. Rejects with the
   * codec's error, after which the connection is as it was, or with the connection's.
   */
  send(value: Out): Promise<void>;
  /** Closes the connection when all is sent; fulfilled when it is closed. */
  close(): Promise<void>;
}

/**
 * Values as JSON, in text; a binary message is read as UTF-8. What the text says is not checked against a type: a codec that
 * does is `{ ...json, decode: (message) => schema.parse(json.decode(message)) }`.
 */
export declare const json: Codec<any, any>;

/**
 * Makes a connection one of values. It is given what `opened` of a `WebSocketStream` was fulfilled with, and keeps the locks
 * of its streams.
 */
export declare function typed<In, Out>(
  connection: { readable: ReadableStream<string | ArrayBuffer | Uint8Array>; writable: WritableStream<string | ArrayBuffer | ArrayBufferView> },
  codec: Codec<In, Out>,
): TypedConnection<In, Out>;
