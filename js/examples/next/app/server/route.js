// A route: it runs on the server, where the WebSocket is the package's engine.

import { WebSocket } from 'isosocket';

import { echo } from '../../../echo.js';

export async function GET(request) {
  return new Response(await echo(WebSocket, new URL(request.url).searchParams.get('echo')));
}
