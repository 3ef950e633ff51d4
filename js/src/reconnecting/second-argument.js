// The second argument of WebSocket's constructor, for as many connections as there will be.

import { membersOf } from '../webidl.js';

/** What can be read but once would be empty for the second connection. */
const toList = (value) => (typeof value === 'object' && value?.[Symbol.iterator] ? [...value] : value ?? undefined);

/**
 * What to give the constructor each time: undefined, a string or an array; or a dictionary, where there is more in it than
 * subprotocols, and the class is not the host's own. That one would take the dictionary, and null, for the name of a subprotocol.
 *
 * @param {any} value what the program gave
 * @param {((options: any) => void) | undefined} refuseOptions throws for what else is in a dictionary, if there is anything against it
 */
export function toSecondArgument(value, refuseOptions) {
  const list = toList(value);
  if (typeof list !== 'object' || list !== value) return list;
  const members = membersOf(value);
  for (const name of ['headers', 'protocols']) if (Object.hasOwn(members, name)) members[name] = toList(members[name]);
  refuseOptions?.(members);
  return Object.keys(members).some((name) => name !== 'protocols') ? members : members.protocols;
}
