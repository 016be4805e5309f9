import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { targetLimits } from '../../../src/faults/stress-chaos/drivers/target-limits.ts';
import { type StressChaosSpec, stressChaosSchema } from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { controlGroups } from '../../../src/faults/targets/process/cgroup.ts';
import { openFilesLimit } from '../../../src/faults/targets/process/open-files.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { type Condition, describeWith, root } from '../../support/requires.ts';
import {
  cleanup,
  exampleLease,
  lineOf,
  ownOwner,
  type StartedProgram,
  start,
  startSleeper,
  temporaryFolder,
  until,
} from '../leases/support.ts';
import { identity, noGuard } from '../targets/support.ts';

async function inject(program: StartedProgram, limits: object) {
  const steps: UndoStep[] = [];
  const asked: FaultRequest<StressChaosSpec> = {
    name: 'stress-chaos',
    kind: 'StressChaos',
    durationMs: 20_000,
    target: pidTarget(identity, program.id.pid, noGuard),
    declared: { type: 'pid', pid: program.id.pid },
    machine: { uid: 0, canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
    spec: stressChaosSchema.parse({ limits }),
  };
  expect(await targetLimits.probe(asked)).toEqual({ usable: true });
  const fault = await targetLimits.inject(asked, undefined, async (added) => void steps.push(...added));
  cleanup(() => fault.undo());
  expect(await fault.missing()).toBeUndefined();
  const undoByLease = () =>
    undoLease(exampleLease({ owner: ownOwner(), undo: steps }), {
      clock: systemClock,
      graceMs: 0,
      boot: systemBoot,
    });
  return { fault, steps, undoByLease, asked };
}

const groupsOf = (program: StartedProgram) => controlGroups(program.id.pid).map(({ folder }) => folder);

const version1: Condition = {
  name: 'control groups of version 1',
  met: () => existsSync('/sys/fs/cgroup/cpu/cpu.stat') && existsSync('/sys/fs/cgroup/pids/cgroup.procs'),
};

/** Prints how long a fixed piece of work takes, whether a child and a file can be had, and takes memory when told. */
const program = `
const fs = require('node:fs'), { spawn } = require('node:child_process');
const held = [];
process.on('SIGUSR1', () => setInterval(() => held.push(Buffer.alloc(8e6, 1)), 10));
const work = () => { const begun = performance.now(); for (let i = 0; i < 3e7; i++); return performance.now() - begun; };
work();
setInterval(() => {
  console.log('work', Math.round(work()));
  const child = spawn('true'); child.on('error', (error) => console.log('spawn', error.code)); child.on('exit', () => console.log('spawn ok'));
  const files = []; try { for (let i = 0; i < 60; i++) files.push(fs.openSync('/dev/null')); console.log('open ok'); } catch (error) { console.log('open', error.code); }
  for (const file of files) fs.closeSync(file);
}, 50)`;

async function startProgram() {
  const started = start([process.execPath, '-e', program]);
  await lineOf(started, 'spawn ok');
  const next = async (word: string) => {
    const from = started.output().length;
    await until(() => started.output().slice(from).includes(`${word}\n`), 10_000, word);
  };
  return { started, next };
}

describeWith([root, version1], 'limits on a running process', () => {
  it('keep it from forking, count that, and end with the undo', async () => {
    const { started, next } = await startProgram();
    const before = groupsOf(started);
    const { fault, steps } = await inject(started, { pids: 1 });
    await next('spawn EAGAIN');
    expect(fault.hits()).toBeGreaterThan(0);
    expect(steps).toMatchObject([{ type: 'leave-cgroup', path: expect.stringContaining('/firedrill_') }]);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(groupsOf(started)).toEqual(before);
    await next('spawn ok');
    const [step] = steps;
    expect(step?.type === 'leave-cgroup' && existsSync(step.path)).toBe(false);
    await fault.undo();
  });

  it('give it less of a processor, and are undone by the lease', async () => {
    const { started } = await startProgram();
    const { fault, undoByLease } = await inject(started, { cpu: 10 });
    const took = () =>
      Number(
        started
          .output()
          .trimEnd()
          .split('\n')
          .filter((line) => line.startsWith('work'))
          .at(-1)!
          .split(' ')[1],
      );
    await until(() => fault.hits()! >= 5, 10_000, 'throttled periods');
    await until(() => took() > 100, 10_000, 'slow work');
    expect(await undoByLease()).toMatchObject({ undone: true });
    expect(await undoByLease()).toMatchObject({ undone: true });
    expect(groupsOf(started).filter((folder) => folder.includes('firedrill_'))).toEqual([]);
    await fault.undo();
    expect(fault.hits()).toBeGreaterThanOrEqual(5);
  });

  it('let the kernel end it when it takes more memory', async () => {
    const { started } = await startProgram();
    const { fault } = await inject(started, { memory: '100MB' });
    const ended = new Promise((resolve) => started.child.once('exit', (_, signal) => resolve(signal)));
    process.kill(started.id.pid, 'SIGUSR1');
    expect(await ended).toBe('SIGKILL');
    expect(fault.hits()).toBeGreaterThan(0);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
  });

  it('are refused where another fault has set them already', async () => {
    const sleeper = startSleeper();
    const { asked } = await inject(sleeper, { pids: 5 });
    await expect(targetLimits.inject(asked, undefined, async () => {})).rejects.toThrow(
      `another fault limits pids of process ${sleeper.id.pid} already`,
    );
  });
});

describeWith(['prlimit'], 'limits of open files', () => {
  it('are felt by the process and by what it forks, and come back exactly', async () => {
    const { started, next } = await startProgram();
    const former = openFilesLimit(started.id.pid)!;
    const { fault, steps } = await inject(started, { openFiles: 50 });
    expect(steps).toEqual([{ type: 'open-files', process: started.id, limited: 50, former }]);
    await next('open EMFILE');
    expect(fault.hits()).toBeUndefined();
    await fault.undo();
    expect(openFilesLimit(started.id.pid)).toBe(former);
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    await next('open ok');
  });

  it('are undone by the lease, for children too', async () => {
    const forker = start([
      'sh',
      '-c',
      'trap : USR1; echo up; while :; do sleep 1 & wait; sleep 300 & echo child $!; wait; done',
    ]);
    await lineOf(forker, 'up');
    const former = openFilesLimit(forker.id.pid)!;
    const { undoByLease } = await inject(forker, { openFiles: 20 });
    const child = Number((await lineOf(forker, 'child')).split(' ')[1]);
    expect(openFilesLimit(child)).toBe(20);
    expect(await undoByLease()).toMatchObject({ undone: true });
    expect([forker.id.pid, child].map(openFilesLimit)).toEqual([former, former]);
  });
});
