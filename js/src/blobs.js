// The Blobs that a program of the engine sends. Where an environment for tests, such as jsdom, puts a class of its own in the place
// of the global one, there are still those of the host's own: fetch() gives them.

import { attributeOf, brandOf, recognizeBlobs } from './webidl.js';

/** The environment's own, whatever a program puts in its place. */
const { FileReader } = globalThis;

/** What is known of the classes whose objects can be sent. */
const kinds = [kindOf(globalThis.Blob)];

function kindOf(Class) {
  // jsdom's has no such method.
  const { arrayBuffer = readThrough } = Class.prototype;
  return {
    has: brandOf(Class, 'size'),
    sizeOf: attributeOf(Class, 'size'),
    read: (blob) => Reflect.apply(arrayBuffer, blob, []),
  };
}

/** Takes objects of this class as well. */
export function takeBlobsOf(Class) {
  if (Class === globalThis.Blob) return;
  kinds.push(kindOf(Class));
}

recognizeBlobs((value) => kinds.some(({ has }) => has(value)));

export const sizeOf = (blob) => kindFor(blob).sizeOf(blob);

/** What a Blob holds, in an ArrayBuffer. Whatever is thrown is the rejection. */
export const contentOf = async (blob) => kindFor(blob).read(blob);

const kindFor = (blob) => kinds.find(({ has }) => has(blob));

/** Reads a Blob that has no method for that. */
function readThrough() {
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(this);
  });
}
