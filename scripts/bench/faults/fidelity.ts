// What was asked of the toxics beside what was measured: latency, bandwidth, toxicity. A timer counts whole
// milliseconds, so that is the bound of what a latency can be held to; a bandwidth's is what passes without one.

import { setTimeout as sleep } from 'node:timers/promises';
import { connectTo, roundTrips, throughput } from './load.ts';
import { type BenchPart, median, type Report } from './part.ts';
import { startProgram } from './processes.ts';
import { startOurs, type ToxicServer } from './toxiproxy.ts';

const toleratedShare = 0.05;
const timerStepMs = 1.5;

export const fidelity: BenchPart = {
  name: 'fidelity',
  about: 'toxics as they were asked for and as they are',
  async run(report) {
    const endpoint = await startProgram('endpoint-program.ts');
    const ours = await startOurs();
    try {
      const port = await ours.proxy('bench', Number(endpoint.line));
      await latencies(ours, port, report);
      await bandwidths(ours, port, report);
      await toxicities(ours, port, report);
    } finally {
      await ours.stop();
      await endpoint.stop();
    }
  },
};

async function latencies(server: ToxicServer, port: number, report: Report): Promise<void> {
  report.table('latency, of what is added', 'asked ms', 'measured ms', 'off %', 'may be off');
  const bare = median(await roundTrips(port, 1, 1000, 300));
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
    const bound = Math.max(toleratedShare * latency, timerStepMs) + drawn;
    const name = `${latency} ± ${jitter} ms`;
    report.row(name, latency, measured, percentOff(measured, latency), bound);
    const off = Math.abs(measured - latency);
    report.goal({ name: `latency ${name}, off by`, measured: off, bound, unit: 'ms', wanted: 'at most' });
  }
}

async function bandwidths(server: ToxicServer, port: number, report: Report): Promise<void> {
  const bare = (await throughput(port, 300, 1000)) / 1000;
  report.table('bandwidth', 'asked KB/s', 'measured KB/s', 'off %');
  for (const rate of [1, 10, 100, 1000, 10_000, 100_000, 200_000]) {
    await server.toxic('bench', { type: 'bandwidth', attributes: { rate } });
    const measured = (await throughput(port, 800, 3000)) / 1000;
    await server.reset();
    report.row(`${rate} KB/s`, rate, measured, percentOff(measured, rate));
    if (rate > bare / 2) report.note(`not judged: without a toxic only ${bare.toFixed(0)} KB/s pass`);
    else
      report.goal({
        name: `bandwidth ${rate} KB/s, off by`,
        measured: Math.abs(percentOff(measured, rate)),
        bound: toleratedShare * 100,
        unit: '%',
        wanted: 'at most',
      });
  }
}

const toxicityConnections = 1000;

async function toxicities(server: ToxicServer, port: number, report: Report): Promise<void> {
  report.table(`toxicity, ${toxicityConnections} connections`, 'asked', 'measured');
  for (const toxicity of [0, 0.3, 1]) {
    await server.toxic('bench', { type: 'timeout', toxicity });
    const measured = (await unanswered(port)) / toxicityConnections;
    await server.reset();
    report.row(`toxicity ${toxicity}`, toxicity, measured);
    report.goal({
      name: `toxicity ${toxicity}, off by`,
      measured: Math.abs(measured - toxicity),
      bound: 3 * Math.sqrt((toxicity * (1 - toxicity)) / toxicityConnections),
      unit: '',
      wanted: 'at most',
    });
  }
}

/** Of so many connections, each with something to echo. */
async function unanswered(port: number): Promise<number> {
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
  return affected;
}

function percentOff(measured: number, asked: number): number {
  return (measured / asked - 1) * 100;
}
