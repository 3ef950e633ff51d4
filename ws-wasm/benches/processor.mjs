// What a page costs the processor, as Linux tells it.

import { readdirSync, readFileSync } from 'node:fs';

/** How the processes that have pages in them are called by Chromium and by Firefox. */
const PAGE = /--type=renderer|-contentproc.*\btab\0/s;
const NANOSECONDS = 1e9;

/**
 * The time on a processor, in seconds, of the main threads of all pages in browsers that this process has started.
 * NaN where there is no Linux to tell it.
 */
export function mainThreadSeconds() {
  const pages = [...descendants(process.pid)].filter((id) => PAGE.test(read(`/proc/${id}/cmdline`)));
  return pages.length === 0 ? NaN : pages.map(processorSeconds).reduce((sum, seconds) => sum + seconds);
}

/** The main thread has the number of its process. */
function processorSeconds(id) {
  return Number(read(`/proc/${id}/task/${id}/schedstat`).split(' ')[0]) / NANOSECONDS;
}

/** All processes that come from this one. */
function descendants(ancestor) {
  const found = new Set([String(ancestor)]);
  // A child may have a lower number than its parent: those that are left are looked at until none is found.
  let rest = list('/proc').filter((name) => /^\d+$/.test(name)).map((id) => [id, parent(id)]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    rest = rest.filter(([id, parent]) => !(found.has(parent) && found.add(id)));
  }
  return found;
}

/** The second field after the name, which may have anything in it but is the last in parentheses. */
function parent(id) {
  return read(`/proc/${id}/stat`).split(') ').at(-1).split(' ')[1];
}

/** Processes come and go: one that has gone has nothing. */
function read(file) {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

function list(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
