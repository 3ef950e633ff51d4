// What came of the suite, beside what was to come of it: the same in all hosts, but for what is recorded.

import { readFileSync } from 'node:fs';

/**
 * Where hosts differ, by "section: name": { reason, standard, message, hosts: { name: verdict } }. A host that is not named does
 * what is under `standard`, and passes the test if there is no such word. `message` is a pattern of why the others fail: for
 * another reason they may not.
 */
const DIFFERENCES = JSON.parse(readFileSync(new URL('differences.json', import.meta.url), 'utf8'));

/**
 * Gives the table's rows, how many verdicts of each host are as recorded and not the standard's, and what is wrong in which host;
 * `all`: the whole suite was to run.
 */
export function judge(ran, all) {
  const names = new Map(ran.flatMap(({ results }) => results.map((result) => [nameOf(result), result.section])));
  const sections = new Map([...names.values()].map((section) => [section, ran.map(() => ({ passed: 0, total: 0 }))]));
  const failures = [];
  const recorded = ran.map(() => 0);
  for (const [column, { name: host, results, problem }] of ran.entries()) {
    const verdicts = new Map(results.map((result) => [nameOf(result), result]));
    for (const [name, section] of names) {
      const cell = sections.get(section)[column];
      cell.total += 1;
      const wrong = complaint(name, host, verdicts.get(name));
      if (wrong === undefined) {
        cell.passed += 1;
        if (DIFFERENCES[name]?.hosts?.[host] !== undefined) recorded[column] += 1;
      } else {
        failures.push({ host, name, wrong });
      }
    }
    if (problem) failures.push({ host, name: 'the host', wrong: problem.message });
    else if (results.length === 0) failures.push({ host, name: 'the host', wrong: 'no test ran' });
  }
  for (const [name, { reason }] of Object.entries(DIFFERENCES)) {
    if (all && names.size > 0 && !names.has(name)) failures.push({ host: 'all', name, wrong: 'differences.json has it and the suite has not' });
    if (!reason) failures.push({ host: 'all', name, wrong: 'differences.json gives no reason' });
  }
  return { ran, sections, recorded, failures };
}

/** Prints the table, what is wrong, and the counts as node's test runner prints them. */
export function print({ ran, sections, recorded, failures }) {
  const cells = [...sections].map(([section, row]) => [section, ...row.map(({ passed, total }) => `${passed}/${total}`)]);
  const sums = ran.map((_, column) => [...sections.values()].map((row) => row[column]));
  const add = (column, what) => sums[column].reduce((sum, cell) => sum + cell[what], 0);
  const rows = [
    ['section', ...ran.map(({ name }) => name)],
    ...cells,
    ['all', ...ran.map((_, column) => `${add(column, 'passed')}/${add(column, 'total')}`)],
    ['of these known to differ', ...recorded.map(String)],
    ['seconds', ...ran.map(({ seconds }) => seconds.toFixed(1))],
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) {
    const [first, ...rest] = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])));
    console.log([first, ...rest].join('  '));
  }
  for (const { host, name, wrong } of failures) console.log(`not ok - ${host}: ${name}\n    ${wrong}`);
  const passed = ran.reduce((sum, _, column) => sum + add(column, 'passed'), 0);
  console.log(`# pass ${passed}\n# fail ${failures.length}`);
  return { failed: failures.length };
}

function nameOf({ section, name }) {
  return `${section}: ${name}`;
}

/** What is wrong with a verdict, in words; nothing if it is the one that was to come. */
function complaint(name, host, result) {
  if (result === undefined) return 'it did not run';
  const { hosts, standard, message } = DIFFERENCES[name] ?? {};
  const expected = hosts?.[host] ?? standard ?? 'pass';
  if (result.verdict === expected) {
    const isForThatReason = message === undefined || result.message === undefined || new RegExp(message).test(result.message);
    return isForThatReason ? undefined : `it fails for another reason than is recorded: ${result.message}`;
  }
  const why = result.message === undefined ? '' : ` (${result.message})`;
  return `expected ${JSON.stringify(expected)}, got ${JSON.stringify(result.verdict)}${why}`;
}
