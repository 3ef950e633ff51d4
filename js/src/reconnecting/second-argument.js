// The second argument of WebSocket's constructor, for as many connections as there will be.

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
  const members = {};
  let isEmpty = true;
  // To Web IDL those of its prototype are members of a dictionary, too. Here they have to be enumerable.
  for (const name in value) {
    members[name] = name === 'headers' || name === 'protocols' ? toList(value[name]) : value[name];
    isEmpty &&= name === 'protocols' || value[name] === undefined;
  }
  refuseOptions?.(members);
  return isEmpty ? members.protocols : members;
}
