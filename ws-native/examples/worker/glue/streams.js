// The Streams Standard, without byte streams and transform streams: https://streams.spec.whatwg.org/

export { ByteLengthQueuingStrategy, CountQueuingStrategy } from './queuing-strategy.js';
export { ReadableStream, ReadableStreamDefaultReader } from './readable-stream.js';
export { ReadableStreamDefaultController } from './readable-stream-default-controller.js';
export { WritableStream, WritableStreamDefaultWriter } from './writable-stream.js';
export { WritableStreamDefaultController } from './writable-stream-default-controller.js';
