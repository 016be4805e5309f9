// A runner reduced to faults of several kinds on one running process, under real leases and a watchdog. Each line of
// JSON on stdin is an order, answered by one on stdout.

import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/base/clock.ts';
import { chooseDriver } from '../../../src/faults/choose.ts';
import { dnsChaos } from '../../../src/faults/dns-chaos/dns-chaos.ts';
import type { ActiveFault, FaultKind, FaultRequest } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { Journal } from '../../../src/faults/leases/journal.ts';
import { type LeaseHandle, Leases } from '../../../src/faults/leases/leases.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { requestFor } from './requests.ts';

const { state, pid, watchdogCommand } = JSON.parse(process.argv[2]!) as {
  readonly state: string;
  readonly pid: number;
  readonly watchdogCommand: readonly string[];
};
const run = 'overlap';
const journal = new Journal({ state, uid: process.getuid!(), boot: systemBoot });
const leases = new Leases({
  ...{ journal, run, clock: systemClock, watchdogCommand, runFolder: join(state, 'run') },
  onWatchdogLost: () => {},
  onExpired: () => {},
});
await leases.start();

const kinds: Record<string, FaultKind> = {
  NetworkChaos: networkChaos as FaultKind,
  DNSChaos: dnsChaos as FaultKind,
};
const target = pidTarget({ name: 'app', namespace: 'default', labels: {} }, pid, createGuard(new Set()));
const faults: { readonly active: ActiveFault; readonly lease: LeaseHandle }[] = [];

interface Order {
  readonly do: 'inject' | 'missing' | 'undo' | 'steps';
  readonly kind: string;
  readonly spec: unknown;
  /** The fault that is meant, by the order in which they were injected. */
  readonly fault: number;
}

const orders: Record<Order['do'], (order: Order) => Promise<unknown>> = {
  async inject({ kind: name, spec }) {
    const kind = kinds[name]!;
    const { request: like } = requestFor(target, { action: 'partition' });
    const request: FaultRequest = { ...like, name, kind: name, spec: kind.schema.parse(spec) };
    const { driver } = await chooseDriver(kind, request);
    const undo = await driver.undoSteps(request);
    const fault = `fault ${faults.length}`;
    const lease = await leases.open({ fault, target: 'app', undo, expiresInMs: 600_000 });
    const active = await driver.inject(request, undefined, (steps) => lease.extend(steps));
    faults.push({ active, lease });
    return driver.name;
  },
  missing: async ({ fault }) => faults[fault]!.active.missing(),
  async undo({ fault }) {
    const { active, lease } = faults[fault]!;
    await active.undo();
    const outcome = await active.verifyUndone();
    await lease.settle(outcome.undone ? 'undone' : 'stuck').catch(() => {});
    return outcome;
  },
  /** What the watchdog does with a lease that is over its time. */
  async steps({ fault }) {
    const lease = (await journal.read(faults[fault]!.lease.id))!;
    const all = async () => (await journal.list(run)).leases;
    const context = { clock: systemClock, graceMs: 0, boot: systemBoot, leases: all };
    const outcome = await undoLease(lease, context);
    await journal.settle(lease.id, 'undone', 'expired');
    return outcome;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order;
  const answer = await orders[order.do](order).then(
    (result) => ({ result: result ?? null }),
    (error: Error) => ({ error: error.message }),
  );
  console.log(JSON.stringify(answer));
}
await leases.close();
process.exit(0);
