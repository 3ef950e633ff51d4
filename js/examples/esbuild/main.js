// `node esbuild/build.js`: with the loader "file" the import of a .wasm file gives its URL.

import { WebSocket } from 'isosocket';
import { init, WebSocket as RuntimeSocket } from 'isosocket/wasm';
import wasm from 'isosocket/isosocket_browser.wasm';
import { show } from '../echo.js';

show(async () => {
  await init(new URL(wasm, import.meta.url));
  return [['isosocket', WebSocket], ['isosocket/wasm', RuntimeSocket]];
});
