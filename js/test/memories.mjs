// To be imported before the package: the engine's memory, and its stack.

/** The memory of every module that is made from here on. */
export const memories = [];

/** The stack pointer of each. */
export const stackPointers = [];

WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, parameters) {
    const instance = new target(...parameters);
    memories.push(instance.exports.memory);
    stackPointers.push(instance.exports.__stack_pointer);
    return instance;
  },
});

const PAGE = 65_536;

/** Takes all of the first module's memory but so many pages. Nobody writes to it: it is taken from the engine, and not from the machine. */
export function leave(pages) {
  const [memory] = memories;
  memory.grow(65_536 - memory.buffer.byteLength / PAGE - pages);
}
