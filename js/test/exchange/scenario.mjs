// What may happen in an exchange: who sends what, how it ends, and what the network makes of it.

import fc from 'fast-check';

const size = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 2, arbitrary: fc.integer({ min: 300, max: 70_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 70_000, max: 400_000 }) },
);
const theirs = fc.array(
  fc.record({ kind: fc.constantFrom('text', 'binary'), size, fragments: fc.constantFrom(1, 1, 1, 2, 5), pings: fc.boolean() }),
  { maxLength: 12 },
);
const oursOf = (...kinds) => fc.array(fc.record({ kind: fc.constantFrom(...kinds), size }), { maxLength: 12 });
const network = fc.record({
  cuts: fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 200_000 })), { minLength: 1, maxLength: 5 })
    // Long messages byte by byte take too long.
    .filter((cuts) => Math.max(...cuts) > 2000),
  turns: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 }),
  breaksAfter: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 300_000 }) },
  ),
});
const turns = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 3 }) }, { weight: 1, arbitrary: fc.nat({ max: 100 }) });
const pauses = fc.array(turns, { minLength: 1, maxLength: 4 });
const common = {
  compresses: fc.boolean(),
  theirs,
  network,
  /** After how many of their messages it is ended from here. */
  after: fc.nat({ max: 12 }),
  /** After how many turns of the event loop the peer begins to read. */
  reads: fc.nat({ max: 300 }),
  /** How many turns lie between two things that are done here, by turns. */
  pauses,
};

/** That of a WebSocket, which sends its messages as soon as it is open, or one for each that comes. */
export const scenarioOfSocket = fc.record({
  ...common,
  ours: oursOf('text', 'binary', 'blob'),
  end: fc.constantFrom('peer closes', 'peer closes when all has come', 'close', 'terminate'),
  answers: fc.boolean(),
  binaryType: fc.constantFrom('arraybuffer', 'blob'),
}).map((scenario) => (scenario.answers ? { ...scenario, ours: scenario.ours.slice(0, scenario.theirs.length) } : scenario));

/** That of a WebSocketStream, whose writer may wait for each message to be written. */
export const scenarioOfStream = fc.record({
  ...common,
  ours: oursOf('text', 'binary'),
  end: fc.constantFrom('peer closes', 'peer closes when all has come', 'close', 'cancel', 'abort', 'close writable'),
  awaits: fc.boolean(),
});
