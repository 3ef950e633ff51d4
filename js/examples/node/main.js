// `node node/main.js ws://…`

import { WebSocket } from 'isosocket';

import { echo } from '../echo.js';

console.log(await echo(WebSocket, process.argv[2]));
