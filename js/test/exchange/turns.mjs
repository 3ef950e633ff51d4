/** So many turns of the event loop. */
export async function wait(turns) {
  for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
}
