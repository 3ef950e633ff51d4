// The main thread of the program. The test calls `onPage` and `onWorker`, which call what the program exports.

import init, * as program from './threads.js';

const module = await WebAssembly.compileStreaming(fetch('./threads_bg.wasm'));
const { memory } = await init({ module_or_path: module });
const workers = new Map();

/** Whether the program's memory is one that workers can share. */
globalThis.isShared = () => crossOriginIsolated && memory.buffer instanceof SharedArrayBuffer;

globalThis.onPage = (name, ...parameters) => program[name](...parameters);

/** Calls it on the worker of this number, which is started if there is none. */
globalThis.onWorker = async (number, name, ...parameters) => {
  if (!workers.has(number)) workers.set(number, start());
  const { port1, port2 } = new MessageChannel();
  (await workers.get(number)).postMessage({ name, parameters, port: port2 }, [port2]);
  const { value, error } = await new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  port1.close();
  if (error) throw new Error(error);
  return value;
};

/** A thread: the same module with the same memory. */
async function start() {
  const worker = new Worker('./worker.js', { type: 'module' });
  const ready = new Promise((resolve, reject) => {
    worker.onmessage = resolve;
    worker.onerror = (event) => reject(new Error(event.message));
  });
  worker.postMessage({ module, memory });
  await ready;
  return worker;
}

globalThis.isReady = true;
