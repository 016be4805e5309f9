// How soon a fault acts after the call that puts it in place, and how soon it does no more after the call that takes it
// back: by questions that somebody else puts to the target about once a millisecond. Beside it the bare measures.

import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { dnsChaos } from '../../../src/faults/dns-chaos/dns-chaos.ts';
import type { FaultKind } from '../../../src/faults/fault.ts';
import { httpChaos } from '../../../src/faults/http-chaos/http-chaos.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { podChaos } from '../../../src/faults/pod-chaos/pod-chaos.ts';
import { Asker, monotonicMs, type Way } from './asker.ts';
import { Injecting } from './injecting.ts';
import { roundTrips } from './load.ts';
import { startNameServer } from './name-server.ts';
import { type BenchPart, median, type Report } from './part.ts';
import { type Ports, startTarget, type Target } from './target.ts';
import { startOurs } from './toxiproxy.ts';

const run = promisify(execFile);
const rounds = 5;
const boundMs = 100;
/** What is asked before a call. */
const askedMs = 50;

/** Something that is put in place, and what takes it back; the latter is missing where nothing does. */
type Switch = () => Promise<(() => Promise<void>) | undefined>;

interface Case {
  readonly name: string;
  readonly way: Way;
  /** An answer that took so long was affected. */
  readonly slowMs: number;
  /** Whether it is one that the goal is for. */
  readonly judged: boolean;
  /** Before each time: what to call at the moment; with a name for what does it. */
  prepare(target: Target, asker: Asker): Promise<{ readonly by: string; readonly on: Switch }>;
  /** Something else stands between the asker and the target. */
  port?(target: Target): Promise<number>;
}

export const injectUndo: BenchPart = {
  name: 'inject-undo',
  about: `from the call to the first question that is affected, and back; medians of ${rounds}`,
  async run(report) {
    const injecting = await Injecting.start();
    const proxy = await startOurs();
    const cases = [...(process.getuid!() === 0 ? bareNft() : []), ...bareSignal(), ...faults(injecting)];
    try {
      const target = await startTarget();
      const bare = median(await roundTrips(target.ports.tcp, 1, 500, 100));
      await target.stop();
      report.table('', 'affected ms', 'call took ms', 'clean ms', 'call took ms');
      report.row('a round trip of a bare connection', bare);
      for (const each of [...cases, ...toxics(proxy)]) await measure(each, report);
    } finally {
      await proxy.stop();
      await injecting.stop();
    }
  },
};

async function measure(each: Case, report: Report): Promise<void> {
  const times: { affected: number; on: number; clean: number; off: number }[] = [];
  let by = '';
  let target = await startTarget();
  const stopServer = each.way === 'dns' ? await startNameServer() : undefined;
  const portFor = async () =>
    each.way === 'dns' ? 53 : (each.port?.(target) ?? portOf(each.way, target.ports));
  let asker = new Asker(each.way, await portFor());
  try {
    for (let round = 0; round < rounds; round++) {
      await asker.ready();
      const prepared = await each.prepare(target, asker);
      by = prepared.by;
      await sleep(askedMs);
      const onMs = monotonicMs();
      const off = await prepared.on();
      const onTookMs = monotonicMs() - onMs;
      const affected = await asker.first(onMs, true, each.slowMs);
      const offMs = monotonicMs();
      await off?.();
      const offTookMs = monotonicMs() - offMs;
      const clean = off ? await asker.first(offMs, false, each.slowMs) : 0;
      times.push({ affected, clean, on: onTookMs, off: offTookMs });
      if (off) continue;
      // Nothing takes it back: the next time needs another.
      asker.stop();
      await target.stop();
      target = await startTarget();
      asker = new Asker(each.way, await portFor());
    }
    const of = (key: keyof (typeof times)[number]) => median(times.map((time) => time[key]));
    report.row(`${each.name} (${by})`, of('affected'), of('on'), of('clean'), of('off'));
    if (!each.judged) return;
    const goal = { bound: boundMs, unit: 'ms', wanted: 'at most' } as const;
    report.goal({ ...goal, name: `${each.name}: affected`, measured: of('affected') });
    if (each.name !== 'PodChaos pod-kill')
      report.goal({ ...goal, name: `${each.name}: clean`, measured: of('clean') });
  } catch (error) {
    report.note(`${each.name} is not measured: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    asker.stop();
    await target.stop();
    await stopServer?.();
  }
}

function portOf(way: Way, ports: Ports): number {
  if (way === 'udp') return ports.udp;
  return way === 'http' || way === 'kept' ? ports.http : ports.tcp;
}

function faults(injecting: Injecting): Case[] {
  const fault = (
    name: string,
    kind: FaultKind<never>,
    way: Way,
    fields: (ports: Ports) => object,
    { slowMs = 100, ofAsker = false } = {},
  ): Case => ({
    ...{ name: `${kind.kind} ${name}`, way, slowMs, judged: true },
    async prepare(target, asker) {
      const ready = await injecting.prepare(kind, ofAsker ? asker.pid : target.pid, fields(target.ports));
      return {
        by: ready.driver,
        async on() {
          const active = await ready.inject();
          if (kind.isOneShot(kind.schema.parse(fields(target.ports)))) return undefined;
          return async () => {
            await active.undo();
            await ready.settle();
          };
        },
      };
    },
  });
  const late = { slowMs: 25 };
  const kinds = { networkChaos, dnsChaos, httpChaos, podChaos } as unknown as Record<
    string,
    FaultKind<never>
  >;
  const network = kinds.networkChaos!;
  const both = { direction: 'both' };
  const unavailable = ({ http }: Ports) => ({
    ...{ target: 'Response', port: http, path: '*', replace: { code: 503 } },
  });
  return [
    fault('partition', network, 'udp', () => ({ action: 'partition', ...both })),
    fault('loss', network, 'udp', () => ({ action: 'loss', loss: { loss: '100' }, ...both })),
    fault('reject', network, 'connections', () => ({ action: 'reject', ...both })),
    fault('delay', network, 'udp', () => ({ action: 'delay', delay: { latency: '50ms' }, ...both }), late),
    fault('error', kinds.dnsChaos!, 'dns', () => ({ action: 'error' }), { ofAsker: true }),
    fault('replace, new connections', kinds.httpChaos!, 'http', unavailable),
    // One that is never quiet is left alone for a second.
    { ...fault('replace, a busy connection', kinds.httpChaos!, 'kept', unavailable), judged: false },
    fault('pod-failure', kinds.podChaos!, 'udp', () => ({ action: 'pod-failure' })),
    fault('pod-failure by freezer', kinds.podChaos!, 'udp', () => ({ action: 'pod-failure', by: 'freezer' })),
    fault('pod-kill', kinds.podChaos!, 'connections', () => ({ action: 'pod-kill' })),
  ];
}

function bareSignal(): Case[] {
  return [
    {
      ...{ name: 'bare SIGSTOP and SIGCONT', way: 'udp', slowMs: 100, judged: false },
      prepare: async ({ pid }) => ({
        by: 'kill(2)',
        on: async () => {
          process.kill(pid, 'SIGSTOP');
          return async () => void process.kill(pid, 'SIGCONT');
        },
      }),
    },
  ];
}

/** As an administrator would do it by hand, with nothing that would take it back. */
function bareNft(): Case[] {
  return [
    {
      ...{ name: 'bare table that drops', way: 'udp', slowMs: 100, judged: false },
      prepare: async ({ ports }) => ({
        by: 'nft',
        on: async () => {
          const table = `firedrill_bench_${process.pid}`;
          const chain = `type filter hook input priority 0`;
          await run('nft', [`table inet ${table} { chain in { ${chain}; udp dport ${ports.udp} drop; }; }`]);
          return async () => void (await run('nft', ['delete', 'table', 'inet', table]));
        },
      }),
    },
  ];
}

function toxics(proxy: Awaited<ReturnType<typeof startOurs>>): Case[] {
  let count = 0;
  const toxic = (name: string, slowMs: number, settings: object): Case => {
    let current = '';
    return {
      ...{ name: `toxic ${name}`, way: 'tcp', slowMs, judged: true },
      port: async ({ ports }) => {
        current = `inject-undo-${++count}`;
        return await proxy.proxy(current, ports.tcp);
      },
      prepare: async () => ({
        by: 'its API',
        on: async () => {
          await proxy.toxic(current, settings);
          return () => proxy.reset();
        },
      }),
    };
  };
  return [
    toxic('latency', 25, { type: 'latency', attributes: { latency: 50 } }),
    toxic('bandwidth of 0', 100, { type: 'bandwidth', attributes: { rate: 0 } }),
    toxic('reset_peer', 100, { type: 'reset_peer', attributes: { timeout: 0 } }),
  ];
}
