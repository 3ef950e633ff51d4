// `isosocket/engine` in Deno, whose net and tls of Node's shape know more settings than its own do.

export * from './node.js';
