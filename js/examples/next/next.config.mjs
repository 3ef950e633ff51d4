import path from 'node:path';

export default {
  // Where node_modules is: the examples share one.
  turbopack: { root: path.dirname(import.meta.dirname) },
};
