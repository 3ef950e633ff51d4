'use client';

// A client component: it is rendered on the server, too, where the import of the package does nothing.

import { useEffect } from 'react';

import { WebSocket } from 'isosocket';
import { init, WebSocket as RuntimeSocket } from 'isosocket/wasm';

import { show } from '../../echo.js';

export default function Page() {
  useEffect(() => {
    show(async () => {
      await init();
      return [['isosocket', WebSocket], ['isosocket/wasm', RuntimeSocket]];
    });
  }, []);
  return <h1>isosocket: Next</h1>;
}
