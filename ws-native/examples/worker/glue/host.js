// The host, of which only the glue knows.

import { toUSVString } from './webidl.js';

/**
 * What the program around the engine provides. A script gets none of it: the property is gone before one runs.
 *
 * @typedef {object} Host
 * @property {() => number} now milliseconds since the program began, with a fraction; they never go back
 * @property {() => number} timeOrigin milliseconds from the Unix epoch to when the program began
 * @property {(text: string) => void} print writes a line to the standard output
 * @property {(text: string) => void} printError writes a line to the standard error
 * @property {() => void} fail has the program end with a status that says that something went wrong
 * @property {() => void} exit has the program end after this task
 * @property {() => boolean} isPlatformTest whether the script is a web-platform-test
 * @property {() => string | undefined} baseURL what relative URLs are resolved against
 * @property {(id: number, milliseconds: number, isAwaited: boolean) => void} startTimer calls `timer(id)` once, in a task, when
 * they have passed; the program ends without it unless it is awaited
 * @property {(id: number) => void} stopTimer does nothing when the timer has run
 * @property {() => void} runMicrotasks runs those that are queued, while no script is running
 * @property {(url: string, base?: string) => string[] | undefined} parseUrl gives the href, protocol, username, password,
 * host, hostname, port, pathname, search, hash and origin; nothing when the URL is not valid
 * @property {(href: string, name: string, value: string) => string[] | undefined} setUrlPart gives the same after the URL
 * standard's setter of that name
 * @property {(string: string) => Uint8Array} encode UTF-8, with U+FFFD for lone surrogates
 * @property {(bytes: Uint8Array) => string} decode UTF-8, with U+FFFD for what is none; a byte order mark is kept
 *
 * Sockets, by their numbers. One that is gone throws.
 * @property {(url: string, protocols: string[], headers: string[]) => number} open starts to connect, and calls `opened(id)`,
 * `received(id, data)` and `closed(id, failed, code, reason, wasClean)`, each in a task; headers: names and values by turns
 * @property {(id: number) => void} collected nobody can reach the object any more
 * @property {(id: number) => number} readyState
 * @property {(id: number) => number} bufferedAmount
 * @property {(id: number) => number} backlog how many bytes wait to be given to the network, frames and all
 * @property {(id: number) => string} extensions
 * @property {(id: number) => string} protocol
 * @property {(id: number, text: string) => void} sendText
 * @property {(id: number, bytes: Uint8Array) => void} sendBytes
 * @property {(id: number, size: number) => number | undefined} sendBlob keeps a place for a Blob, and gives its number; nothing
 * when the message is discarded
 * @property {(id: number, place: number, bytes: Uint8Array) => void} blobRead
 * @property {(id: number, code?: number, reason?: string) => void} close
 * @property {(id: number) => void} pause holds messages back, and the peer with them
 * @property {(id: number) => void} resume
 * @property {(id: number) => void} whenWritten calls `written(id)` once, in a task, when the backlog has become smaller
 * @property {(id: number, isAwaited: boolean) => void} setAwaited whether the program waits for what comes of it before it ends
 * @property {(id: number, open: boolean, message: boolean, error: boolean, close: boolean) => boolean} mustBeKept whether the
 * object must not be collected, given for which events it has listeners
 */

/** @type {Host} */
export const { host } = globalThis;
delete globalThis.host;

const { print, printError } = host;

// An engine may know no way to give a lone surrogate to its host.
host.print = (text) => print(toUSVString(text));
host.printError = (text) => printError(toUSVString(text));
