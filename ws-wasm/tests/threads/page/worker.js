// A thread of the program: the page's module, with the page's memory.

import init, * as program from './threads.js';

onmessage = async ({ data: { module, memory } }) => {
  await init({ module_or_path: module, memory });
  onmessage = ({ data }) => answer(data);
  postMessage('ready');
};

async function answer({ name, parameters, port }) {
  try {
    port.postMessage({ value: await program[name](...parameters) });
  } catch (error) {
    port.postMessage({ error: String(error) });
  }
}
