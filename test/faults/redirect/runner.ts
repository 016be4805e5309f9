// A runner reduced to faults on one running process, under real leases and a watchdog, inside a network of the test's
// own. Started with one JSON argument; then each line of JSON on stdin is answered by one on stdout.

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { redirect as dnsRedirect } from '../../../src/faults/dns-chaos/drivers/redirect.ts';
import { dnsChaosSchema } from '../../../src/faults/dns-chaos/spec.ts';
import type { ActiveFault, FaultDriver, FaultRequest } from '../../../src/faults/fault.ts';
import { outbound as httpOutbound } from '../../../src/faults/http-chaos/drivers/outbound.ts';
import { redirect as httpRedirect } from '../../../src/faults/http-chaos/drivers/redirect.ts';
import { httpChaosSchema } from '../../../src/faults/http-chaos/spec.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { Journal } from '../../../src/faults/leases/journal.ts';
import { type LeaseHandle, Leases } from '../../../src/faults/leases/leases.ts';
import { failingDependency } from '../../../src/faults/process-chaos/drivers/dependency.ts';
import { processChaosSchema } from '../../../src/faults/process-chaos/spec.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';

export interface RunnerOptions {
  readonly state: string;
  readonly watchdogCommand: readonly string[];
}

const { state, watchdogCommand }: RunnerOptions = JSON.parse(process.argv[2]!);
const leases = new Leases({
  journal: new Journal({ state, uid: process.getuid!(), boot: systemBoot }),
  run: 'run-a',
  runFolder: join(state, 'run-folder'),
  clock: systemClock,
  watchdogCommand,
  onWatchdogLost: () => {},
  onExpired: () => {},
});
await leases.start();

const kinds = {
  HTTPChaos: { schema: httpChaosSchema, driver: httpRedirect as FaultDriver },
  HTTPCalls: { schema: httpChaosSchema, driver: httpOutbound as FaultDriver },
  DNSChaos: { schema: dnsChaosSchema, driver: dnsRedirect as FaultDriver },
  ProcessChaos: { schema: processChaosSchema, driver: failingDependency as FaultDriver },
};

interface Order {
  readonly do: 'probe' | 'inject' | 'hits' | 'missing' | 'undo' | 'close';
  readonly kind: keyof typeof kinds;
  readonly spec: unknown;
  readonly pid: number;
  /** The fault that is meant, by the order in which they were injected. */
  readonly fault?: number;
}

const targets = new Map<number, ReturnType<typeof pidTarget>>();
const faults: { readonly active: ActiveFault; readonly lease: LeaseHandle }[] = [];

function requestOf({ kind, spec, pid }: Order): FaultRequest {
  const identity = { name: 'app', namespace: 'default', labels: {} };
  const target = targets.get(pid) ?? pidTarget(identity, pid, createGuard(new Set()));
  targets.set(pid, target);
  return {
    name: 'fault',
    kind,
    spec: kinds[kind].schema.parse(spec),
    durationMs: 60_000,
    target,
    declared: { type: 'pid', pid },
    machine: { uid: 0, canMount: true, canUserNamespace: true, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: '/nowhere',
  };
}

const orders: Record<Order['do'], (order: Order) => unknown> = {
  probe: (order) => kinds[order.kind].driver.probe(requestOf(order)),
  async inject(order) {
    const { driver } = kinds[order.kind];
    const request = requestOf(order);
    const lease = await leases.open({
      fault: 'fault',
      target: 'app',
      undo: await driver.undoSteps(request),
      expiresInMs: 60_000,
    });
    const active = await driver.inject(request, undefined, (steps) => lease.extend(steps));
    return faults.push({ active, lease }) - 1;
  },
  hits: ({ fault = 0 }) => faults[fault]!.active.hits(),
  missing: ({ fault = 0 }) => faults[fault]!.active.missing(),
  async undo({ fault = 0 }) {
    const { active, lease } = faults[fault]!;
    await active.undo();
    const outcome = await active.verifyUndone();
    await lease.settle(outcome.undone ? 'undone' : 'stuck');
    return outcome;
  },
  close: () => leases.close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const order: Order = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify({ result: (await orders[order.do](order)) ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String((error as Error).message) })}\n`);
  }
}
