// How soon faults on containers come and go, with a Docker daemon of the bench's own, beside its own client.

import { basename } from 'node:path';
import { containerChaos } from '../../../src/faults/container-chaos/container-chaos.ts';
import type { FaultKind } from '../../../src/faults/fault.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { podChaos } from '../../../src/faults/pod-chaos/pod-chaos.ts';
import { type Dockerd, dockerdNeeds, startDockerd } from '../../../test/support/dockerd.ts';
import { Asker, monotonicMs } from './asker.ts';
import { Injecting } from './injecting.ts';
import { type BenchPart, median, type Report } from './part.ts';
import { isInstalled } from './processes.ts';

const rounds = 3;
const slowMs = 100;
const name = 'web';

/** Puts something in place; what it returns takes it back. */
type Switch = () => Promise<() => Promise<void>>;

export const containers: BenchPart = {
  name: 'containers',
  about: `from the call to the first request to a container that is affected, and back; medians of ${rounds}`,
  async run(report) {
    const missing = dockerdNeeds.filter((program) => !isInstalled(program));
    if (missing.length > 0) return report.note(`not measured: ${missing.join(', ')} missing`);
    let dockerd: Dockerd;
    try {
      dockerd = await startDockerd();
    } catch (error) {
      return report.note(`not measured: no Docker daemon (${(error as Error).message.split('\n')[0]})`);
    }
    const injecting = await Injecting.start();
    try {
      await dockerd.runWeb(name);
      report.table('', 'affected ms', 'call took ms', 'clean ms', 'call took ms');
      for (const [what, prepare] of ways(dockerd, injecting)) await measure(what, prepare, dockerd, report);
    } finally {
      await injecting.stop();
      await dockerd.stop();
    }
  },
};

function ways(dockerd: Dockerd, injecting: Injecting): [string, () => Promise<Switch>][] {
  const client = (on: readonly string[], off: readonly string[]) => async (): Promise<Switch> => async () => {
    await dockerd.docker(...on);
    return async () => void (await dockerd.docker(...off));
  };
  const fault = (kind: unknown, fields: object) => async (): Promise<Switch> => {
    const ready = await injecting.prepareContainer(kind as FaultKind, name, dockerd.socket, fields);
    return async () => {
      const active = await ready.inject();
      return async () => {
        await active.undo();
        await ready.settle();
      };
    };
  };
  return [
    ['bare docker pause', client(['pause', name], ['unpause', name])],
    ['PodChaos pod-failure', fault(podChaos, { action: 'pod-failure' })],
    [
      'bare docker network disconnect',
      client(['network', 'disconnect', 'bridge', name], ['network', 'connect', 'bridge', name]),
    ],
    ['ContainerChaos disconnect', fault(containerChaos, { action: 'disconnect' })],
    ['bare docker kill, start', client(['kill', name], ['start', name])],
    ['ContainerChaos stop', fault(containerChaos, { action: 'stop', gracePeriod: 0 })],
    ['NetworkChaos partition', fault(networkChaos, { action: 'partition', direction: 'both' })],
  ];
}

async function measure(
  what: string,
  prepare: () => Promise<Switch>,
  dockerd: Dockerd,
  report: Report,
): Promise<void> {
  const inside = ['nsenter', `--net=/run/netns/${basename(dockerd.folder)}`, '--'];
  const asker = new Asker('http', 8080, await dockerd.addressOf(name), inside);
  const times: number[][] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      await asker.ready();
      const on = await prepare();
      const onMs = monotonicMs();
      const off = await on();
      const onTookMs = monotonicMs() - onMs;
      const affected = await asker.first(onMs, true, slowMs);
      const offMs = monotonicMs();
      await off();
      const offTookMs = monotonicMs() - offMs;
      times.push([affected, onTookMs, await asker.first(offMs, false, slowMs), offTookMs]);
    }
    report.row(what, ...[0, 1, 2, 3].map((column) => median(times.map((time) => time[column]!))));
  } catch (error) {
    report.note(`${what} is not measured: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    asker.stop();
  }
}
