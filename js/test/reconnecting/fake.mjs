// A WebSocket class whose connections do what a test says, and a clock that is the test's.

import { CloseEvent } from 'isosocket/engine';

const [CONNECTING, OPEN, CLOSING, CLOSED] = [0, 1, 2, 3];

/** Makes a class, with all the sockets that are made of it in `made`. */
export function fakeClass() {
  return class FakeSocket extends EventTarget {
    static made = [];
    readyState = CONNECTING;
    bufferedAmount = 0;
    extensions = '';
    protocol = '';
    binaryType = 'blob';
    sent = [];
    /** The arguments of each call of close(). */
    closes = [];

    constructor(url, protocols) {
      super();
      if (url === 'throws') throw new DOMException('not this one', 'SyntaxError');
      this.url = url;
      this.protocols = protocols;
      FakeSocket.made.push(this);
    }

    static get last() {
      return FakeSocket.made.at(-1);
    }

    send(data) {
      if (this.readyState === CONNECTING) throw new DOMException('it is connecting', 'InvalidStateError');
      if (this.readyState === OPEN) this.sent.push(data);
    }

    close(...parameters) {
      this.closes.push(parameters);
      if (this.readyState < CLOSING) this.readyState = CLOSING;
    }

    // What the network does.

    open() {
      this.readyState = OPEN;
      this.dispatchEvent(new Event('open'));
    }

    receive(data) {
      this.dispatchEvent(new MessageEvent('message', { data, origin: 'ws://h' }));
    }

    end(code = 1006, reason = '') {
      this.readyState = CLOSED;
      if (code === 1006) this.dispatchEvent(new Event('error'));
      this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean: code !== 1006 }));
    }
  };
}

/** Takes the timers and the dice over. @returns what lets time pass, and `dice`, whose `value` is what Math.random() gives */
export function takeTime(t) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  t.mock.method(performance, 'now', () => Date.now());
  const dice = { value: 0 };
  t.mock.method(Math, 'random', () => dice.value);
  const pass = (milliseconds) => t.mock.timers.tick(milliseconds);
  return { pass, dice };
}

/** Writes down what a socket fires: the types of events, with what they say and the state that there is then. */
export function listen(socket) {
  const log = [];
  for (const type of ['open', 'message', 'error', 'close', 'reconnecting']) {
    socket.addEventListener(type, (event) => {
      const said = {
        open: () => [],
        message: () => [event.data],
        error: () => ('error' in event ? [event.error.name] : []),
        close: () => [event.code],
        reconnecting: () => [event.attempt, event.delay],
      }[type]();
      log.push([type, ...said, ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'][socket.readyState]].join(' '));
    });
  }
  return { log, take: () => log.splice(0) };
}
