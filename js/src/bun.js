// `isosocket/engine` in Bun.

export * from './node.js';
