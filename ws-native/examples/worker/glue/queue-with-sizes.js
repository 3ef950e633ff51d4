// https://streams.spec.whatwg.org/#queue-with-sizes

/**
 * A list that grows at its end and is taken from at its front. It is a linked one: what it costs does not grow with its
 * length, and nothing is run that a script may have put into Array.prototype.
 */
export class List {
  length = 0;
  #first;
  #last;

  get first() {
    return this.#first.item;
  }

  append(item) {
    const link = { item, next: undefined };
    if (this.length === 0) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.length += 1;
  }

  removeFirst() {
    const { item, next } = this.#first;
    this.#first = next;
    if (next === undefined) this.#last = undefined;
    this.length -= 1;
    return item;
  }
}

export function resetQueue(container) {
  container.queue = new List();
  container.queueTotalSize = 0;
}

export function enqueueValueWithSize(container, value, size) {
  // 2. If ! IsNonNegativeNumber(size) is false, throw a RangeError exception.
  // 3. If size is +∞, throw a RangeError exception.
  if (!isNonNegativeNumber(size) || size === Infinity) {
    throw new RangeError('the size of a chunk is neither zero nor a finite positive number');
  }
  container.queue.append({ value, size });
  container.queueTotalSize += size;
}

export function dequeueValue(container) {
  const { value, size } = container.queue.removeFirst();
  container.queueTotalSize -= size;
  // 6. If container.[[queueTotalSize]] < 0, set container.[[queueTotalSize]] to 0. (This can occur due to rounding
  //    errors.)
  if (container.queueTotalSize < 0) container.queueTotalSize = 0;
  return value;
}

export function peekQueueValue(container) {
  return container.queue.first.value;
}

/** NaN is not one. */
function isNonNegativeNumber(value) {
  return typeof value === 'number' && value >= 0;
}
