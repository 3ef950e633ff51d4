'use strict';

// What hosts do differently. differences.json has the word for each of them, and the reason.

section('differences', () => {
  /** What the constructor does: "accepted", or the name of what it throws. */
  function made(...parameters) {
    try {
      new WebSocket(...parameters).close();
      return 'accepted';
    } catch (error) {
      return error.name;
    }
  }

  /** The end of a connection that is broken when it is open. */
  async function end_by(t, digits) {
    const socket = connect(t, frames('', `&then=${digits.replaceAll(' ', '')}`));
    socket.onopen = () => socket.send('now');
    return (await story(socket)).slice(1).join(', ');
  }

  /** What has come of an opening handshake: "open", or "failed". */
  function outcome_of(socket) {
    return new Promise((resolve) => {
      socket.onopen = () => resolve('open');
      socket.onclose = () => resolve('failed');
    });
  }

  // ---- the constructor ----

  observe(async () => made('ws://a b/'), 'a host with a space');

  observe(async () => made(''), 'the empty string as the address');

  observe(async () => made(address('/echo'), {}), 'a dictionary as the second argument');

  observe(async (t) => {
    const { all } = await request(t, '/head', null);
    return all('Sec-WebSocket-Protocol').join() || 'none';
  }, 'null as the second argument offers');

  for (const [name, path, protocols] of [
    ['a subprotocol where none was offered', '/protocol?pick=a', []],
    ['no subprotocol where some were offered', '/handshake?without=Sec-WebSocket-Protocol', ['a', 'b']],
  ]) {
    observe((t) => outcome_of(connect(t, path, protocols)), name);
  }

  // ---- the handshake ----

  observe(async (t) => {
    // Under another name than in all other tests, for a client may remember what it was asked for.
    const url = address('/head').replace('127.0.0.1', 'user:pass@localhost');
    const head = await message(open_socket(t, url));
    return /^Authorization:/im.test(head) ? 'sent' : 'not sent';
  }, 'the credentials of the address, without having been asked');

  observe((t) => {
    const hints = encodeURIComponent('HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n');
    return outcome_of(connect(t, `/handshake?before=${hints}`));
  }, 'an interim answer before the right one');

  observe((t) => outcome_of(connect(t, '/handshake?status=HTTP/1.0%20101%20Switching')), 'an answer of HTTP/1.0');

  observe(async (t) => {
    const cookie = encodeURIComponent('Content-Length: 0\r\nSet-Cookie: refused=1; Path=/');
    await next(connect(t, `/handshake?status=HTTP/1.1%20403%20No&add=${cookie}`), 'close');
    const { all } = await request(t, '/head');
    return all('Cookie').join().includes('refused=1') ? 'kept' : 'not kept';
  }, 'the cookie of an answer that refuses');

  // ---- close() ----

  for (const code of [999.5, 999.6, 1000.6, 2999.5, 2999.6, 4999.5, 4999.6]) {
    observe(async (t) => {
      const socket = await connected(t, '/echo');
      try {
        socket.close(code);
      } catch (error) {
        return error.name;
      }
      return String((await next(socket, 'close')).code);
    }, `close(${code})`);
  }

  observe(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/report?id=${id}`);
    try {
      socket.close(undefined, 'bye');
    } catch (error) {
      return error.name;
    }
    return reported(t, id);
  }, 'close(undefined, "bye")');

  // ---- the server's Close frame ----

  observe((t) => end_by(t, '8801 03'), 'a Close frame of one byte');
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535]) {
    observe((t) => end_by(t, `8802 ${code.toString(16).padStart(4, '0')}`), `a Close frame with the code ${code}`);
  }

  observe((t) => end_by(t, '8802 03e8 8101 61'), 'a message after a Close frame');
  observe((t) => end_by(t, '8181 00000000 61 8802 03e8'), 'a masked frame');

  for (const [name, path] of [['ends', '/drop'], ['is reset', '/reset']]) {
    observe(async (t) => {
      const socket = await connected(t, path);
      const told = story(socket);
      socket.send('x');
      return (await told).join(', ');
    }, `a connection that ${name} without a Close frame`);
  }

  // ---- events ----

  observe(async (t) => String((await next(connect(t, '/echo'), 'open')).isTrusted), 'isTrusted');

  observe(async (t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.addEventListener('open', () => Promise.resolve().then(() => log.push('microtask')));
    socket.addEventListener('open', () => log.push('listener'));
    await next(socket, 'open');
    await task();
    return log.join(', ');
  }, 'between two listeners of an event');

  observe(async (t) => {
    const socket = connect(t, '/send?text=x');
    return new Promise((resolve) => {
      socket.onmessage = (event) => resolve(thrown_by(() => socket.dispatchEvent(event)).name);
    });
  }, 'firing an event that is being fired');

  observe(async () => {
    const { reason } = new CloseEvent('close', { reason: '\uD800' });
    return reason === '\uFFFD' ? 'replaced' : 'kept';
  }, 'a lone surrogate in the reason of a CloseEvent');
});
