// `webpack --config webpack/webpack.config.js`: a URL made like the one below becomes that of an asset.

import { WebSocket } from 'isosocket';
import { init, WebSocket as RuntimeSocket } from 'isosocket/wasm';
import { show } from '../echo.js';

show(async () => {
  await init(new URL('isosocket/isosocket_browser.wasm', import.meta.url));
  return [['isosocket', WebSocket], ['isosocket/wasm', RuntimeSocket]];
});
