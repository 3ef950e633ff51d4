// Bundled as wrangler does it, for the conditions "workerd", "worker" and "browser", and run by `workerd test`. The
// WebSocket is workerd's own here, and the WebSocketStream is over it.

import { WebSocket, WebSocketStream } from 'isosocket';

import { echo } from '../echo.js';

export default {
  async test(controller, { ECHO }) {
    console.log(await echo(WebSocket, ECHO));
    const stream = new WebSocketStream(ECHO);
    const { readable, writable } = await stream.opened;
    await writable.getWriter().write('in a stream');
    const { value } = await readable.getReader().read();
    stream.close({ closeCode: 3000 });
    const { closeCode } = await stream.closed;
    console.log(value, closeCode);
  },
};
