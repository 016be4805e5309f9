// What drivers of the kernel cost while no fault acts: a target whose faults are planned and under their leases, and
// one whose fault has come and gone, beside a bare one.

import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { Injecting } from './injecting.ts';
import { roundTrips, throughput } from './load.ts';
import { type BenchPart, median, quantile } from './part.ts';
import { startProgram } from './processes.ts';

const rounds = 9;
/** What two bare targets differ by on a machine that does other things too. */
const noise = 0.15;

export const kernelCost: BenchPart = {
  name: 'kernel-cost',
  about: 'a target before and after its network faults, beside one that has none',
  async run(report) {
    const [bare, before, after] = await Promise.all([1, 2, 3].map(() => startProgram('endpoint-program.ts')));
    const injecting = await Injecting.start();
    try {
      for (const fields of [
        { action: 'partition', direction: 'both' },
        { action: 'delay', delay: { latency: '10ms' }, direction: 'both' },
      ]) {
        await injecting.prepare(networkChaos, before!.pid, fields);
        const ready = await injecting.prepare(networkChaos, after!.pid, fields);
        const active = await ready.inject();
        await active.undo();
        await ready.settle();
      }
      const ways = { bare: bare!, 'before the fault': before!, 'after the fault': after! };
      const rates: Record<string, number[]> = {};
      const times: Record<string, number[]> = {};
      const order = Object.entries(ways);
      for (let round = 0; round < rounds; round++) {
        // Nobody is always first.
        order.push(order.shift()!);
        for (const [way, { line }] of order) {
          rates[way] = [...(rates[way] ?? []), (await throughput(Number(line), 100, 300)) / 1e6];
          times[way] = [...(times[way] ?? []), ...(await roundTrips(Number(line), 1, 2000, 400))];
        }
      }
      report.table('direct connection', 'median MB/s', 'p50 ms', 'p99 ms');
      for (const way of Object.keys(ways))
        report.row(way, median(rates[way]!), median(times[way]!), quantile(times[way]!, 0.99));
      for (const way of ['before the fault', 'after the fault']) {
        const bound = median(rates.bare!) * (1 - noise);
        const rate = { measured: median(rates[way]!), bound, unit: 'MB/s', wanted: 'at least' } as const;
        report.goal({ name: `throughput ${way}, − 15 %`, ...rate });
        const slowest = median(times.bare!) * (1 + noise);
        const time = {
          measured: median(times[way]!),
          bound: slowest,
          unit: 'ms',
          wanted: 'at most',
        } as const;
        report.goal({ name: `p50 ${way}, + 15 %`, ...time });
      }
    } catch (error) {
      report.note(`not measured: ${(error as Error).message.split('\n')[0]}`);
    } finally {
      await injecting.stop();
      for (const running of [bare, before, after]) await running!.stop();
    }
  },
};
