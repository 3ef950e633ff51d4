// Runs the scenario in workerd, as its test.

import * as engine from './workerd.js';
import { run } from './scenario.mjs';

export default {
  async test(controller, { setting }) {
    console.log(JSON.stringify({ outcome: await run(engine, setting) }));
  },
};
