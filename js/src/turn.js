// RFC 6455, section 4.1, step 2: there is at most one connection to a host in the state CONNECTING at a time.

/** Those that wait for each place, in order; the first one has its turn. */
const places = new Map();

/**
 * Calls `start` when it is its turn at `place`, which may be at once. What is returned gives the turn to the next one,
 * or the place in the row up; calling it again does nothing.
 */
export function takeTurn(place, start) {
  const row = places.get(place) ?? [];
  places.set(place, row);
  row.push(start);
  if (row.length === 1) startFirst(row);
  return () => {
    const index = row.indexOf(start);
    if (index === -1) return;
    row.splice(index, 1);
    if (row.length === 0) places.delete(place);
    else if (index === 0) startFirst(row);
  };
}

/** The rows of which one is starting, and may leave at once: so may all behind it, of which there may be thousands. */
const starting = new Set();

function startFirst(row) {
  if (starting.has(row)) return;
  starting.add(row);
  try {
    for (let started; row.length > 0 && row[0] !== started;) {
      [started] = row;
      started();
    }
  } finally {
    starting.delete(row);
  }
}
