// Messages that can be told from each other.

import assert from 'node:assert/strict';

/**
 * What is sent as one message: `size` bytes, or characters of one to four bytes.
 *
 * @param {{ kind: 'text' | 'binary' | 'blob', size: number }} message
 * @param {number} index
 */
export function contentOf({ kind, size }, index) {
  if (kind === 'text') return `${index}:${'aé€\u{1F600}'.repeat(Math.ceil(size / 5))}`.slice(0, size);
  const bytes = Buffer.alloc(size, `${index},`);
  return kind === 'blob' ? new Blob([bytes]) : bytes;
}

/** That what has come is what was sent, from the first message on. @returns whether it is all */
export async function assertBegins(sent, come, whose) {
  assert.ok(come.length <= sent.length, `${come.length} of ${sent.length} messages of ${whose} have come`);
  for (const [index, data] of come.entries()) {
    const expected = contentOf(sent[index], index);
    if (typeof expected === 'string') {
      // Half of a character is replaced when it is sent.
      assert.equal(data, expected.toWellFormed(), `message ${index} of ${whose}`);
    } else {
      const bytes = expected instanceof Blob ? new Uint8Array(await expected.arrayBuffer()) : expected;
      assert.ok(typeof data !== 'string' && Buffer.from(bytes).equals(Buffer.from(data)), `message ${index} of ${whose}`);
    }
  }
  return come.length === sent.length;
}
