// What our proxy costs when no toxic acts, beside no proxy, the plainest one that Node.js can be, and toxiproxy.

import { cpuMsOf } from './cpu.ts';
import { roundTrips, throughput } from './load.ts';
import { type BenchPart, median, quantile, type Report } from './part.ts';
import { type Running, startProgram } from './processes.ts';
import { startOriginal, startOurs, type ToxicServer } from './toxiproxy.ts';

const rounds = 7;
const [warmUpMs, measuredMs] = [200, 800];
const connectionCounts = [1, 100, 1000];
const perSecond = 1000;
const roundTripCount = 3000;

interface Way {
  readonly port: number;
  readonly pid: number;
}

export const passThrough: BenchPart = {
  name: 'pass-through',
  about: 'throughput and added latency of the proxy without a toxic',
  async run(report) {
    const endpoint = await startProgram('endpoint-program.ts');
    const port = Number(endpoint.line);
    const pipe = await startProgram('pipe-program.ts', endpoint.line);
    const ours = await startOurs();
    const original = await startOriginal();
    if (!original) report.note('toxiproxy is not measured: TOXIPROXY_BIN names no server');
    try {
      const ways = new Map<string, Way>([
        ['direct', { port, pid: endpoint.pid }],
        ['socket.pipe', { port: Number(pipe.line), pid: pipe.pid }],
        ['firedrill', await wayOf(ours, port)],
      ]);
      if (original) ways.set('toxiproxy', await wayOf(original, port));
      await compareThroughput(ways, report);
      await compareLatency(ways, report);
    } finally {
      for (const running of [ours, pipe, endpoint, original]) await running?.stop();
    }
  },
};

async function wayOf(server: ToxicServer & Running, port: number): Promise<Way> {
  return { port: await server.proxy('bench', port), pid: server.pid };
}

/** In turns, so that what else the machine does meets all alike; at least as fast as the plainest and the original. */
async function compareThroughput(ways: ReadonlyMap<string, Way>, report: Report): Promise<void> {
  const rates = new Map<string, number[]>([...ways.keys()].map((way) => [way, []]));
  const costs = new Map<string, number[]>([...ways.keys()].map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [way, { port, pid }] of ways) {
      const cpuMs = cpuMsOf(pid);
      const rate = await throughput(port, warmUpMs, measuredMs);
      rates.get(way)!.push(rate / 1e6);
      costs.get(way)!.push((cpuMsOf(pid) - cpuMs) / ((rate * (warmUpMs + measuredMs)) / 1e12));
    }
  }
  report.table('throughput, one connection', 'median MB/s', 'best MB/s', 'CPU ms/GB');
  for (const [way, measured] of rates)
    report.row(way, median(measured), Math.max(...measured), median(costs.get(way)!));
  for (const peer of ['socket.pipe', 'toxiproxy'].filter((each) => ways.has(each)))
    report.goal({
      name: `throughput beside ${peer}`,
      measured: median(rates.get('firedrill')!),
      bound: median(rates.get(peer)!),
      unit: 'MB/s',
      wanted: 'at least',
    });
}

/** What a machine that does other things moves a quantile by. */
const latencyNoise = 1.25;

async function compareLatency(ways: ReadonlyMap<string, Way>, report: Report): Promise<void> {
  const shares = [0.5, 0.99, 0.999];
  for (const connections of connectionCounts) {
    const title = `round trip, ${connections} connections`;
    report.table(title, 'p50 ms', 'p99 ms', 'p99.9 ms', 'added p50', 'added p99');
    const measured = new Map<string, number[]>();
    for (const [way, { port }] of ways) {
      const times = await roundTrips(port, connections, perSecond, roundTripCount);
      const values = shares.map((share) => quantile(times, share));
      measured.set(way, values);
      const [p50, p99] = measured.get('direct')!;
      report.row(way, ...values, values[0]! - p50!, values[1]! - p99!);
    }
    for (const peer of ['socket.pipe', 'toxiproxy'].filter((each) => ways.has(each)))
      report.goal({
        name: `p50 of ${connections} connections beside ${peer}, ± 25 %`,
        measured: measured.get('firedrill')![0]!,
        bound: measured.get(peer)![0]! * latencyNoise,
        unit: 'ms',
        wanted: 'at most',
      });
  }
}
