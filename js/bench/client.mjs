// One client in a process of its own: it runs a round whenever it is told to, and tells the time that took.

import { CLIENTS } from './clients.mjs';
import { messagesOf, PERIOD, WORKLOADS } from './workloads.mjs';

const [name, port] = process.argv.slice(2);
const open = await CLIENTS[name].load();

/** The most messages sent in one turn of the event loop. */
const BURST = 1000;

/** Runs a round; with `checks`, every message is compared with what it is to be. */
function round(direction, workload, checks) {
  const { kind, size, count } = WORKLOADS[workload];
  const messages = messagesOf(WORKLOADS[workload]).map((bytes) => (kind === 'text' ? bytes.toString() : bytes));
  const toSend = kind === 'text' ? messages : messages.map((bytes) => new Uint8Array(bytes));
  const isRight = (data, number) => {
    const expected = messages[number % PERIOD];
    return kind === 'text' ? data === expected : expected.equals(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
  };
  return new Promise((resolve, reject) => {
    let before;
    let began;
    let number = 0;
    const opened = (send) => {
      before = process.cpuUsage();
      began = performance.now();
      if (direction === 'receive') return;
      let sent = 0;
      const burst = () => {
        const most = Math.min(count, sent + Math.max(1, Math.min(BURST, Math.floor((1 << 21) / size))));
        for (; sent < most; sent += 1) send(toSend[sent % PERIOD]);
        if (sent < count) setImmediate(burst);
      };
      burst();
    };
    const received = (data) => {
      if (checks && !isRight(data, number)) reject(new Error(`${workload}: message ${number} is not what it is to be`));
      if ((data.length ?? data.byteLength) !== size) reject(new Error(`${workload}: message ${number} has another size`));
      number += 1;
    };
    const closed = (code) => {
      const { user, system } = process.cpuUsage(before);
      if (code !== 1000) reject(new Error(`${workload}: closed with ${code}`));
      if (direction === 'receive' && number !== count) reject(new Error(`${workload}: ${number} messages instead of ${count}`));
      resolve({ cpu: ((user + system) * 1000) / count, wall: ((performance.now() - began) * 1e6) / count });
    };
    open(`ws://127.0.0.1:${port}/${direction}/${encodeURIComponent(workload)}`, { opened, received, closed });
  });
}

process.on('message', async ({ direction, workload, checks }) => {
  process.send(await round(direction, workload, checks).catch((error) => ({ error: String(error) })));
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
