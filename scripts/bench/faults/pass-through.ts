// What our proxy costs when no toxic acts, beside no proxy, the plainest one that Node.js can be, and toxiproxy.

import { roundTrips, throughput } from './load.ts';
import { type BenchPart, median, quantile, row } from './part.ts';
import { startProgram } from './processes.ts';
import { startOriginal, startOurs, type ToxicServer } from './toxiproxy.ts';

const rounds = 5;
const connectionCounts = [1, 100, 1000];
const perSecond = 1000;
const roundTripCount = 10_000;

export const passThrough: BenchPart = {
  name: 'pass-through',
  about: 'throughput and added latency of the proxy without a toxic',
  async run() {
    const endpoint = await startProgram('endpoint-program.ts');
    const port = Number(endpoint.line);
    const pipe = await startProgram('pipe-program.ts', endpoint.line);
    const ours = await startOurs();
    const original = await startOriginal();
    if (!original) console.log('toxiproxy is not measured: TOXIPROXY_BIN names no server');
    try {
      const ways = new Map([
        ['direct', port],
        ['socket.pipe', Number(pipe.line)],
        ['firedrill', await ours.proxy('bench', port)],
        ...(await originalWay(original, port)),
      ]);
      const fastEnough = await compareThroughput(ways);
      await compareLatency(ways);
      return fastEnough;
    } finally {
      for (const running of [ours, pipe, endpoint, original]) await running?.stop();
    }
  },
};

async function originalWay(original: ToxicServer | undefined, port: number): Promise<[string, number][]> {
  return original ? [['toxiproxy', await original.proxy('bench', port)]] : [];
}

/** In turns, so that what else the machine does meets all alike; at least as fast as the plainest and the original. */
async function compareThroughput(ways: ReadonlyMap<string, number>): Promise<boolean> {
  const rates = new Map<string, number[]>([...ways.keys()].map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [way, port] of ways) rates.get(way)!.push(await throughput(port, 300, 1500));
  }
  console.log(row('throughput, one connection', 'median MB/s', 'best'));
  for (const [way, measured] of rates)
    console.log(
      row(`  ${way}`, (median(measured) / 1e6).toFixed(0), (Math.max(...measured) / 1e6).toFixed(0)),
    );
  const rate = (way: string) => median(rates.get(way) ?? [0]);
  return rate('firedrill') >= Math.max(rate('socket.pipe'), rate('toxiproxy'));
}

async function compareLatency(ways: ReadonlyMap<string, number>): Promise<void> {
  const quantiles = [0.5, 0.99, 0.999];
  for (const connections of connectionCounts) {
    console.log(
      row(
        `round trip, ${connections} connections`,
        ...['p50 ms', 'p99 ms', 'p99.9 ms'],
        'added p50',
        'added p99',
      ),
    );
    let direct: number[] | undefined;
    for (const [way, port] of ways) {
      const times = await roundTrips(port, connections, perSecond, roundTripCount);
      const values = quantiles.map((share) => quantile(times, share));
      direct ??= values;
      const added = [values[0]! - direct[0]!, values[1]! - direct[1]!];
      console.log(row(`  ${way}`, ...[...values, ...added].map((value) => value.toFixed(3))));
    }
  }
}
