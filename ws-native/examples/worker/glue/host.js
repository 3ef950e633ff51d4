/**
 * What the program around the engine provides. A script gets none of it: the property is gone before one runs.
 *
 * @typedef {object} Host
 * @property {() => number} now milliseconds since the program began, with a fraction; they never go back
 * @property {() => number} timeOrigin milliseconds from the Unix epoch to when the program began
 * @property {(text: string) => void} print writes a line to the standard output
 * @property {(text: string) => void} printError writes a line to the standard error
 * @property {() => void} fail has the program end with a status that says that something went wrong
 * @property {(id: number, milliseconds: number, isAwaited: boolean) => void} startTimer calls `timer(id)` once, in a task, when
 * they have passed; the program ends without it unless it is awaited
 * @property {(id: number) => void} stopTimer does nothing when the timer has run
 * @property {(url: string, base?: string) => string[] | undefined} parseUrl gives the href, protocol, username, password,
 * host, hostname, port, pathname, search, hash and origin; nothing when the URL is not valid
 * @property {(href: string, name: string, value: string) => string[] | undefined} setUrlPart gives the same after the URL
 * standard's setter of that name
 * @property {(string: string) => Uint8Array} encode UTF-8, with U+FFFD for lone surrogates
 * @property {(bytes: Uint8Array) => string} decode UTF-8, with U+FFFD for what is none; a byte order mark is kept
 */

/** @type {Host} */
export const host = globalThis.host;
delete globalThis.host;
