// workerd's own WebSocket, with what it lacks of the standard and can be given from outside.

import { refuseOptions } from '../options.js';
import { requireArguments, toClampedUnsignedShort, toMessage, toUSVString, toWebSocketInit, viewOfBytes } from '../webidl.js';
import { validateCloseCodeAndReason } from '../websocket-error.js';
import { getURLRecord } from '../websocket.js';

/** Whether the host sends this code in answer to the peer's, which may be any number. */
const isSendable = (code) => code >= 1000 && code < 5000 && ![1004, 1005, 1006, 1015].includes(code);

/**
 * Makes the class.
 *
 * @param {typeof globalThis.WebSocket} HostWebSocket
 */
export function defineWorkerdSocket(HostWebSocket) {
  return class WebSocket extends HostWebSocket {
    /** What was sent behind a Blob that is still read, in order; undefined if nothing waits. @type {Promise<void> | undefined} */
    #waiting;
    /** Whether close() was called: it may be later that the host is told, and longer until it says so. */
    #isClosing = false;

    constructor(url, protocols = []) {
      requireArguments(arguments.length, 1, "Failed to construct 'WebSocket'");
      const urlString = toUSVString(url);
      const { protocols: list, dictionary = {} } = toWebSocketInit(protocols);
      refuseOptions(dictionary);
      // It knows no http: and https:, and no lists but arrays.
      super(getURLRecord(urlString).href, list);
      // With an old compatibility date it is "arraybuffer".
      super.binaryType = 'blob';
      // With a compatibility date before 2026-04-07 it leaves the answer to the peer's Close frame to the program. And it stays open
      // when the connection is lost.
      this.addEventListener('close', ({ code }) => {
        if (isSendable(code)) super.close(code);
        else super.close();
      });
    }

    get readyState() {
      const readyState = super.readyState;
      return this.#isClosing && readyState < HostWebSocket.CLOSING ? HostWebSocket.CLOSING : readyState;
    }

    // They are null where there is none.
    get extensions() {
      return super.extensions ?? '';
    }

    get protocol() {
      return super.protocol ?? '';
    }

    send(data) {
      requireArguments(arguments.length, 1, "Failed to execute 'send' on 'WebSocket'");
      if (!(data instanceof Blob) && !this.#waiting && this.readyState === HostWebSocket.OPEN) {
        super.send(data);
        return;
      }
      const message = toMessage(data);
      if (this.readyState === HostWebSocket.CONNECTING) throw new DOMException('the socket is not open yet', 'InvalidStateError');
      // It would throw. By the standard a message is discarded when the closing handshake has started.
      if (this.readyState > HostWebSocket.OPEN) return;
      // It would send a Blob as the text "[object Blob]". Bytes are those of now.
      if (message instanceof Blob) this.#inOrder(async () => super.send(await message.arrayBuffer()));
      else {
        const kept = typeof message === 'string' ? message : viewOfBytes(message).slice();
        this.#inOrder(() => super.send(kept));
      }
    }

    close(code = undefined, reason = undefined) {
      const number = code === undefined ? undefined : toClampedUnsignedShort(code);
      const text = reason === undefined ? undefined : toUSVString(reason);
      validateCloseCodeAndReason(number, text ?? '');
      this.#isClosing = true;
      const close = () => {
        if (number !== undefined) super.close(number, text ?? '');
        else if (text) super.close(1000, text);
        else super.close();
      };
      if (this.#waiting) this.#inOrder(close);
      else close();
    }

    /** Does something when what waits has been done. What has to be sent when the connection is gone is lost, as anywhere. */
    #inOrder(act) {
      const waiting = (this.#waiting ?? Promise.resolve()).then(act).catch(() => {}).then(() => {
        if (this.#waiting === waiting) this.#waiting = undefined;
      });
      this.#waiting = waiting;
    }
  };
}
