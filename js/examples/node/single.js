// A program in one file, with the engine in it, which begins with where that is. `process.argv[2]` names the server.
//
// esbuild node/single.js --bundle --platform=node --target=node20 --loader:.wasm=binary --outfile=single.js

import { init, WebSocket } from 'isosocket/engine';
import wasm from 'isosocket/isosocket_engine.wasm';

import { echo } from '../echo.js';

init(wasm).then(() => echo(WebSocket, process.argv[2])).then(console.log);
