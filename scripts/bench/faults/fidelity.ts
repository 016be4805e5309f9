// What was asked of the toxics beside what was measured: latency, bandwidth, toxicity. A timer counts whole
// milliseconds, so that is the bound of what a latency can be held to; a bandwidth's is what passes without one.

import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, roundTrips, throughput } from './load.ts';
import { type BenchPart, median, row } from './part.ts';
import { startProgram } from './processes.ts';
import { startOurs, type ToxicServer } from './toxiproxy.ts';

const toleratedShare = 0.05;
const timerStepMs = 1.5;

export const fidelity: BenchPart = {
  name: 'fidelity',
  about: 'toxics as they were asked for and as they are',
  async run() {
    const endpoint = await startProgram('endpoint-program.ts');
    const ours = await startOurs();
    try {
      const port = await ours.proxy('bench', Number(endpoint.line));
      const held = [await latencies(ours, port), await bandwidths(ours, port), await toxicities(ours, port)];
      return held.every(Boolean);
    } finally {
      await ours.stop();
      await endpoint.stop();
    }
  },
};

async function latencies(server: ToxicServer, port: number): Promise<boolean> {
  console.log(row('latency, median of added', 'asked ms', 'measured ms', 'off'));
  const bare = median(await roundTrips(port, 1, 1000, 300));
  let held = true;
  for (const [latency, jitter] of [
    [1, 0],
    [5, 0],
    [20, 0],
    [100, 0],
    [100, 50],
    [500, 100],
    [2000, 0],
  ] as const) {
    await server.toxic('bench', { type: 'latency', attributes: { latency, jitter } });
    const count = Math.max(3, Math.min(200, Math.ceil(4000 / latency)));
    const added = (await roundTrips(port, 1, 1000, count)).map((ms) => ms - bare);
    await server.reset();
    // With jitter it is the mean that is asked for, and few draws tell little of it.
    const measured = jitter === 0 ? median(added) : added.reduce((sum, ms) => sum + ms, 0) / added.length;
    const drawn = (3 * jitter) / Math.sqrt(3 * added.length);
    held &&= Math.abs(measured - latency) <= Math.max(toleratedShare * latency, timerStepMs) + drawn;
    console.log(row(`  ± ${jitter}`, String(latency), measured.toFixed(2), percent(measured, latency)));
  }
  return held;
}

async function bandwidths(server: ToxicServer, port: number): Promise<boolean> {
  console.log(row('bandwidth', 'asked KB/s', 'measured KB/s', 'off'));
  const bare = (await throughput(port, 300, 1000)) / 1000;
  let held = true;
  for (const rate of [1, 10, 100, 1000, 10_000, 100_000, 200_000]) {
    await server.toxic('bench', { type: 'bandwidth', attributes: { rate } });
    const measured = (await throughput(port, 1000, 4000)) / 1000;
    await server.reset();
    held &&= Math.abs(measured - rate) <= toleratedShare * rate || rate > bare / 2;
    console.log(row('', String(rate), measured.toFixed(2), percent(measured, rate)));
  }
  console.log(row('  without', '', bare.toFixed(0)));
  return held;
}

const toxicityConnections = 1000;

async function toxicities(server: ToxicServer, port: number): Promise<boolean> {
  console.log(row(`toxicity, ${toxicityConnections} connections`, 'asked', 'measured'));
  let held = true;
  for (const toxicity of [0, 0.3, 1]) {
    await server.toxic('bench', { type: 'timeout', toxicity });
    let affected = 0;
    for (let i = 0; i < toxicityConnections / 100; i++) {
      const sockets = await Promise.all(Array.from({ length: 100 }, () => connectTo(port, 'ep')));
      let answered = 0;
      for (const socket of sockets) socket.once('data', () => answered++);
      for (let turn = 0, before = -1; turn < 5 || answered !== before; turn++) {
        before = answered;
        await sleep(50);
      }
      affected += sockets.length - answered;
      for (const socket of sockets) socket.destroy();
    }
    await server.reset();
    const measured = affected / toxicityConnections;
    const drawn = 3 * Math.sqrt((toxicity * (1 - toxicity)) / toxicityConnections);
    held &&= Math.abs(measured - toxicity) <= drawn;
    console.log(row('', String(toxicity), measured.toFixed(3)));
  }
  return held;
}

function percent(measured: number, asked: number): string {
  return `${((measured / asked - 1) * 100).toFixed(1)} %`;
}
