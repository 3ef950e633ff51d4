// `isosocket/typed`: a connection of a WebSocketStream, whoever has it, whose messages are values.

/** Values as JSON, in text; bytes are read as UTF-8. */
export const json = {
  encode(value) {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError(`a ${typeof value} cannot be expressed in JSON`);
    return text;
  },

  decode(message) {
    return JSON.parse(typeof message === 'string' ? message : new TextDecoder('utf-8', { fatal: true }).decode(message));
  },
};

/**
 * What `opened` gave, with values in place of messages. Nothing is read ahead here, and nothing is queued: the back-pressure
 * of the connection is what this has.
 */
export function typed(opened, codec) {
  const { readable, writable } = opened ?? {};
  if (!readable || !writable) throw new TypeError('typed() is to be given what `await stream.opened` gives');
  if (!codec?.encode || !codec.decode) throw new TypeError('typed() is to be given a codec, such as `json`, too');
  const reader = readable.getReader();
  const writer = writable.getWriter();
  return {
    readable: new ReadableStream({
      async pull(controller) {
        const { done, value: message } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(received(message, codec));
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 }),
    // A stream's write that fails would end the stream; a value that cannot be encoded leaves this as it was.
    send: async (value) => writer.write(codec.encode(value)),
    close: () => writer.close(),
  };
}

function received(message, codec) {
  try {
    return { ok: true, value: codec.decode(message) };
  } catch (error) {
    return { ok: false, error, message };
  }
}
