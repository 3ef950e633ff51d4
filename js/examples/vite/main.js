// `vite vite` serves this while it is worked on, `vite build vite` builds it: nothing has to be configured.

import { WebSocket } from 'isosocket';
import { init, WebSocket as RuntimeSocket } from 'isosocket/wasm';
import wasm from 'isosocket/isosocket_browser.wasm?url';
import { show } from '../echo.js';

show(async () => {
  await init(wasm);
  return [['isosocket', WebSocket], ['isosocket/wasm', RuntimeSocket]];
});
