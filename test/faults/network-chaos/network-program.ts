// A runner reduced to one network fault under its lease: injects it into the process that is named, says so, and waits
// to be killed.

import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { chooseDriver } from '../../../src/faults/choose.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { Journal } from '../../../src/faults/leases/journal.ts';
import { Leases } from '../../../src/faults/leases/leases.ts';
import { networkChaos } from '../../../src/faults/network-chaos/network-chaos.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { requestFor } from './requests.ts';

export interface NetworkOrder {
  readonly state: string;
  readonly pid: number;
  readonly watchdogCommand: readonly string[];
  /** In place of the best. */
  readonly driver?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const { state, pid, watchdogCommand, driver: wanted, fields } = JSON.parse(process.argv[2]!) as NetworkOrder;
const leases = new Leases({
  journal: new Journal({ state, uid: process.getuid!(), boot: systemBoot }),
  run: 'network',
  runFolder: join(state, 'run'),
  clock: systemClock,
  watchdogCommand,
  onWatchdogLost: () => {},
  onExpired: () => {},
});
await leases.start();
const target = pidTarget({ name: 'app', namespace: 'default', labels: {} }, pid, createGuard(new Set()));
const { request } = requestFor(target, fields);
const drivers = networkChaos.drivers.filter(({ name }) => wanted === undefined || name === wanted);
const { driver } = await chooseDriver({ ...networkChaos, drivers }, request);
const processes = await target.processes();
const undo = await driver.undoSteps(request);
const lease = await leases.open({ fault: 'network', target: 'app', undo, expiresInMs: 600_000, processes });
await driver.inject(request, undefined, (steps) => lease.extend(steps));
console.log(`injected ${driver.name}`);
await new Promise((resolve) => setTimeout(resolve, 600_000));
