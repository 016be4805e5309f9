// A runner reduced to its leases: starts a target that forks, stops a process that it did not start, and then waits,
// hangs or is busy for a while, as it is told. Prints a line for each thing that has happened.

import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { Journal } from '../../../src/faults/leases/journal.ts';
import { Leases } from '../../../src/faults/leases/leases.ts';
import { pause } from '../../../src/faults/pod-chaos/pause.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { CommandTarget } from '../../../src/faults/targets/process/command.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';

export interface StandInOrder {
  readonly state: string;
  readonly run: string;
  readonly watchdogCommand: readonly string[];
  readonly victim: number;
  readonly expiresInMs: number;
  readonly hungAfterMs: number;
  readonly ends: 'never' | 'cleanly' | 'blocked' | 'after being busy';
}

const order = JSON.parse(process.argv[2]!) as StandInOrder;
const { state, run, watchdogCommand, hungAfterMs, expiresInMs } = order;
const journal = new Journal({ state, uid: process.getuid!(), boot: systemBoot });
const say = (line: string) => process.stdout.write(`${line}\n`);
const identity = { name: 'app', namespace: 'default', labels: {} };

const leases = new Leases({
  journal,
  run,
  runFolder: join(state, 'run-folder'),
  clock: systemClock,
  watchdogCommand,
  hungAfterMs,
  onWatchdogLost: (reason) => say(`watchdog lost: ${reason}`),
  onExpired: (lease) => say(`expired ${lease}`),
});
await leases.start();
say('leases started');

const mark = `${run}/app`;
const targetLease = await leases.open({
  fault: 'target',
  target: 'app',
  undo: [{ type: 'end-marked', mark }],
  expiresInMs: 600_000,
});
const app = await CommandTarget.start({
  identity,
  declared: {
    type: 'command',
    // A child, and one that leaves for a session of its own and loses its parent.
    command: ['sh', '-c', 'sleep 301 & setsid sleep 302 & exec sleep 303'],
    env: {},
    folder: state,
    ready: undefined,
    restart: true,
    restartDelayMs: 100,
    connects: [],
    listens: [],
    hosts: {},
  },
  launches: [],
  env: process.env,
  mark,
  logFile: join(state, 'run-folder', 'app.log'),
  clock: systemClock,
  extendLease: targetLease.extend,
  events: { started() {}, ready() {}, exited() {}, replaced() {}, gaveUp() {} },
});
say('target started');

const victim = pidTarget(identity, order.victim, createGuard(new Set()));
const processes = await victim.processes();
const faultLease = await leases.open({
  fault: 'pod-chaos',
  target: 'victim',
  undo: processes.map((process) => ({ type: 'continue', process })),
  expiresInMs,
  processes,
});
const fault = await pause(victim, systemClock, faultLease.extend);
say('fault injected');

if (order.ends === 'blocked') for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
const busyMs = 3000;
const busySince = performance.now();
while (order.ends === 'after being busy' && performance.now() < busySince + busyMs);
if (order.ends === 'never') await new Promise((resolve) => setTimeout(resolve, 600_000));
await fault.undo();
await faultLease.settle('undone');
await app.end(500);
await targetLease.settle('undone');
await leases.close();
say('ended cleanly');
