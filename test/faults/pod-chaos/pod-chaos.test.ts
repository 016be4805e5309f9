import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import { group2Of } from '../../../src/faults/kernel/cgroup2.ts';
import { TargetGroups } from '../../../src/faults/kernel/target-groups.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { LeaseEndedError } from '../../../src/faults/leases/journal.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { type PodChaosSpec, podChaos, podChaosSchema } from '../../../src/faults/pod-chaos/pod-chaos.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { portTarget } from '../../../src/faults/targets/process/port.ts';
import { identify } from '../../../src/faults/targets/process/proc.ts';
import type { ProcessTargetHandle } from '../../../src/faults/targets/target.ts';
import { freePort } from '../../support/processes.ts';
import { type Condition, describeWith, root } from '../../support/requires.ts';
import {
  bundled,
  cleanup,
  exampleLease,
  lineOf,
  ownOwner,
  sleep,
  start,
  startSleeper,
  stateOf,
  temporaryFolder,
  until,
} from '../leases/support.ts';
import { identity, noGuard, startTarget } from '../targets/support.ts';

const driverOf = (name: string) => podChaos.drivers.find((one) => one.name === name)!;
const driver = driverOf('signals');

function request(target: ProcessTargetHandle, spec: Partial<PodChaosSpec>): FaultRequest<PodChaosSpec> {
  return {
    name: 'pod-chaos',
    kind: 'PodChaos',
    spec: podChaosSchema.parse({ action: 'pod-failure', ...spec }),
    durationMs: 10_000,
    target,
    declared: { type: 'pid', pid: 1 },
    machine: { uid: 0, canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: '/nowhere',
  };
}

async function inject(target: ProcessTargetHandle, spec: Partial<PodChaosSpec> = {}) {
  const steps: UndoStep[] = [];
  const asked = request(target, spec);
  expect(await driver.probe(asked)).toEqual({ usable: true });
  steps.push(...(await driver.undoSteps(asked)));
  const fault = await driver.inject(asked, undefined, async (added) => void steps.push(...added));
  return { fault, steps };
}

describe('PodChaos in Chaos Mesh fields', () => {
  it('takes its actions, and signals only where they mean something', () => {
    const refused = (spec: object) => !podChaosSchema.safeParse(spec).success;
    expect(podChaosSchema.parse({ action: 'pod-kill' })).toEqual({ action: 'pod-kill', gracePeriod: 0 });
    expect(podChaosSchema.parse({ action: 'container-kill', containerNames: ['a'] })).toMatchObject({
      action: 'container-kill',
    });
    expect(refused({ action: 'pod-kill', gracePeriod: -1 })).toBe(true);
    expect(refused({ action: 'pod-kill', grace: 1 })).toBe(true);
    expect(refused({ action: 'pod-kill', signal: 'SIGSTOP' })).toBe(true);
    expect(refused({ action: 'pod-failure', signal: 'SIGTERM' })).toBe(true);
    expect(refused({ action: 'pod-kill', by: 'freezer' })).toBe(true);
    expect(podChaos.isOneShot(podChaosSchema.parse({ action: 'restart' }))).toBe(true);
    expect(podChaos.isOneShot(podChaosSchema.parse({ action: 'pod-failure' }))).toBe(false);
  });
});

describe('pod-failure', () => {
  it('stops every process, and continues them', async () => {
    const shell = start(['sh', '-c', 'sleep 300 & sleep 301 & echo up; wait']);
    await lineOf(shell, 'up');
    const target = pidTarget(identity, shell.id.pid, noGuard);
    const { fault, steps } = await inject(target);
    const members = await target.processes();
    expect(members.map(stateOf)).toEqual(['T', 'T', 'T']);
    expect(steps).toEqual(expect.arrayContaining(members.map((process) => ({ type: 'continue', process }))));
    expect(fault.hits()).toBe(3);
    expect(await fault.missing()).toBeUndefined();
    await fault.undo();
    expect(members.map(stateOf)).not.toContain('T');
    expect(await fault.verifyUndone()).toEqual({
      undone: true,
      evidence: expect.stringMatching(/^(state of process \d+ is [SR](, )?){3}$/),
    });
    await fault.undo();
  });

  it('catches a server that keeps forking', async () => {
    // Each child forks the next one and lives on for a while.
    const forker = start([
      'sh',
      '-c',
      'exec 2>/dev/null; f() { sleep 0.5 & sleep 0.01; f & wait; }; f & f & echo up; wait',
    ]);
    await lineOf(forker, 'up');
    const target = pidTarget(identity, forker.id.pid, noGuard);
    await sleep(100);
    const { fault, steps } = await inject(target);
    const members = await target.processes();
    expect(members.length).toBeGreaterThan(5);
    expect(members.map(stateOf).filter((state) => state !== 'T')).toEqual([]);
    for (const process of members) expect(steps).toContainEqual({ type: 'continue', process });
    await sleep(300);
    expect((await target.processes()).length).toBe(members.length);
    await fault.undo();
    expect((await fault.verifyUndone()).undone).toBe(true);
  });

  it('holds a port so that clients connect and then wait', async () => {
    const port = await freePort();
    const server = start([
      process.execPath,
      '-e',
      `require('http').createServer((q, r) => r.end('ok')).listen(${port}, '127.0.0.1', () => console.log('up'))`,
    ]);
    await lineOf(server, 'up');
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(500) }).then(
        (response) => response.status,
        (error) => error.name,
      );
    const { fault } = await inject(portTarget(identity, { port, only: false }, noGuard));
    expect(await ask()).toBe('TimeoutError');
    await fault.undo();
    expect(await ask()).toBe(200);
  });

  it('stops a process that joins the target meanwhile', async () => {
    const { target } = await startTarget(['sleep', '300'], { restart: true });
    const { fault } = await inject(target);
    const [first] = await target.processes();
    process.kill(first!.pid, 'SIGKILL');
    await until(async () => {
      const [now] = await target.processes();
      return now !== undefined && now.pid !== first!.pid && stateOf(now) === 'T';
    }, 3000);
    expect(fault.hits()).toBe(2);
    await fault.undo();
    expect((await target.processes()).map(stateOf)).not.toContain('T');
  });

  it('stops nobody any more when its lease was undone by the watchdog', async () => {
    const { target } = await startTarget(['sleep', '300'], { restart: true });
    const asked = request(target, {});
    let ended = false;
    const fault = await driver.inject(asked, undefined, async () => {
      if (ended) throw new LeaseEndedError(exampleLease({ state: 'undone' }));
    });
    ended = true;
    const [first] = await target.processes();
    process.kill(first!.pid, 'SIGKILL');
    await until(async () => ((await target.processes())[0]?.pid ?? first!.pid) !== first!.pid, 3000);
    await sleep(600);
    expect((await target.processes()).map(stateOf)).toEqual([expect.stringMatching(/[SRD]/)]);
    expect(await fault.missing()).toMatch(/is in state [SRD]$/);
    await fault.undo();
  });

  it('leaves alone what was stopped before', async () => {
    const sleeper = startSleeper();
    process.kill(sleeper.id.pid, 'SIGSTOP');
    await until(() => stateOf(sleeper.id) === 'T', 1000);
    const { fault, steps } = await inject(pidTarget(identity, sleeper.id.pid, noGuard));
    expect(steps).toEqual([]);
    expect(fault.hits()).toBe(0);
    await fault.undo();
    expect(stateOf(sleeper.id)).toBe('T');
  });

  it('says when it is not in place', async () => {
    const sleeper = startSleeper();
    const { fault } = await inject(pidTarget(identity, sleeper.id.pid, noGuard));
    process.kill(sleeper.id.pid, 'SIGCONT');
    await until(() => stateOf(sleeper.id) === 'S', 1000);
    expect(await fault.missing()).toBe(`process ${sleeper.id.pid} of target app is in state S`);
    process.kill(sleeper.id.pid, 'SIGKILL');
    await until(() => stateOf(sleeper.id) === 'gone', 1000);
    expect(await fault.missing()).toBe('target app has no process any more');
    await fault.undo();
    expect(await fault.verifyUndone()).toEqual({
      undone: true,
      evidence: `process ${sleeper.id.pid} is gone`,
    });
  });
});

describe('pod-kill', () => {
  it('kills every process at once', async () => {
    const shell = start(['sh', '-c', 'trap "" TERM; sleep 300 & echo up; wait']);
    await lineOf(shell, 'up');
    const target = pidTarget(identity, shell.id.pid, noGuard);
    const { fault } = await inject(target, { action: 'pod-kill' });
    expect(await target.processes()).toEqual([]);
    expect(fault.hits()).toBe(2);
    expect(await fault.missing()).toBeUndefined();
    expect((await fault.verifyUndone()).undone).toBe(true);
  });

  it('lets a supervised target come back, and leaves the new process alone', async () => {
    const { target, events } = await startTarget(['sh', '-c', 'sleep 300 & sleep 301'], {
      restart: true,
      restartDelayMs: 1,
    });
    await until(async () => (await target.processes()).length === 3, 2000);
    const { fault } = await inject(target, { action: 'pod-kill' });
    expect(fault.hits()).toBe(3);
    await until(() => events.includes('replaced as expected'), 3000);
    await until(async () => (await target.processes()).length === 3, 2000);
    expect(events).toContain('exited SIGKILL as expected');
  });

  it('gives the grace period, and kills what has not used it', async () => {
    const folder = temporaryFolder();
    const script = join(folder, 'polite.sh');
    writeFileSync(
      script,
      'trap "exit 0" TERM; (trap "" TERM; echo up; sleep 300; sleep 300) & while :; do sleep 0.05; done',
    );
    const shell = start(['sh', script]);
    await lineOf(shell, 'up');
    const target = pidTarget(identity, shell.id.pid, noGuard);
    const startedAt = performance.now();
    const ended = new Promise((resolve) =>
      shell.child.once('exit', (code, signal) => resolve(signal ?? code)),
    );
    await inject(target, { action: 'pod-kill', gracePeriod: 1 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1000);
    expect(await ended).toBe(0);
    expect(await target.processes()).toEqual([]);
  });

  it('leaves nothing stopped when the lease cannot take its steps', async () => {
    const sleeper = startSleeper();
    const asked = request(pidTarget(identity, sleeper.id.pid, noGuard), { action: 'pod-kill' });
    await expect(
      driver.inject(asked, undefined, async () => {
        throw new Error('disk full');
      }),
    ).rejects.toThrow('disk full');
    expect(stateOf(sleeper.id)).toMatch(/[SRD]/);
  });
});

describe('container-kill, signals and restart', () => {
  it('container-kill kills the first process alone', async () => {
    const shell = start(['sh', '-c', 'sleep 300 & echo $!; wait']);
    const child = identify(Number(await lineOf(shell, '')))!;
    const { fault } = await inject(pidTarget(identity, shell.id.pid, noGuard), { action: 'container-kill' });
    expect(stateOf(shell.id)).toBe('gone');
    expect(stateOf(child)).toBe('S');
    expect(fault.hits()).toBe(1);
  });

  it('sends the signal that was chosen, and leaves the rest to the target', async () => {
    const script = 'trap "echo usr1" USR1; echo up; while :; do sleep 0.05; done';
    const shell = start(['sh', '-c', script]);
    await lineOf(shell, 'up');
    const asked = request(pidTarget(identity, shell.id.pid, noGuard), {
      action: 'container-kill',
      signal: 'SIGUSR1',
    });
    expect(driver.plan(asked)).toMatchObject({ how: 'SIGUSR1', hits: 'processes signalled' });
    const fault = await driver.inject(asked, undefined, async () => {});
    await lineOf(shell, 'usr1');
    expect(stateOf(shell.id)).not.toBe('gone');
    expect(fault.hits()).toBe(1);
  });

  it('sends it before SIGKILL where there is a grace period', async () => {
    const shell = start(['sh', '-c', 'trap "echo hup" HUP; echo up; while :; do sleep 0.05; done']);
    await lineOf(shell, 'up');
    const target = pidTarget(identity, shell.id.pid, noGuard);
    await inject(target, { action: 'pod-kill', signal: 'SIGHUP', gracePeriod: 1 });
    await lineOf(shell, 'hup');
    expect(stateOf(shell.id)).toBe('gone');
  });

  it('restart waits until the supervisor has started the target again', async () => {
    const { target } = await startTarget(['sleep', '300'], { restart: true, restartDelayMs: 300 });
    const [first] = await target.processes();
    const declared = { type: 'command', restart: true } as unknown as FaultRequest['declared'];
    const asked = { ...request(target, { action: 'restart' }), declared };
    expect(await driver.probe(asked)).toEqual({ usable: true });
    const fault = await driver.inject(asked, undefined, async () => {});
    const [now] = await target.processes();
    expect(now!.pid).not.toBe(first!.pid);
    expect(await fault.missing()).toBeUndefined();
  });

  it('refuses to restart what nobody would start again', async () => {
    const target = pidTarget(identity, startSleeper().id.pid, noGuard);
    expect(await driver.probe(request(target, { action: 'restart' }))).toMatchObject({
      reason: 'nobody would start target app again',
    });
  });
});

const version2: Condition = {
  name: 'control groups of version 2',
  met: () => group2Of(process.pid) !== undefined,
};

describeWith([root, version2], 'pod-failure by the freezer', () => {
  const freezer = driverOf('freezer');
  const freeze = async (target: ProcessTargetHandle) => {
    const steps: UndoStep[] = [];
    const asked = request(target, { by: 'freezer' });
    expect(await freezer.probe(asked)).toEqual({ usable: true });
    const fault = await freezer.inject(asked, undefined, async (added) => void steps.push(...added));
    cleanup(() => fault.undo());
    return { fault, steps };
  };

  it('holds all processes, children included, against SIGCONT, and lets them go', async () => {
    const shell = start(['sh', '-c', 'sleep 300 & while :; do echo tick; sleep 0.05; done']);
    await lineOf(shell, 'tick');
    const target = pidTarget(identity, shell.id.pid, noGuard);
    const origin = group2Of(shell.id.pid);
    const { fault, steps } = await freeze(target);
    const step = { type: 'leave-cgroup', path: expect.stringContaining('/firedrill_') };
    expect(steps).toMatchObject([step, { ...step, frozen: true }]);
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBeGreaterThanOrEqual(2);
    process.kill(shell.id.pid, 'SIGCONT');
    // What it had said before it was frozen may still be on its way.
    await sleep(200);
    const silent = shell.output().length;
    await sleep(300);
    expect(shell.output().length).toBe(silent);
    await fault.undo();
    await until(() => shell.output().length > silent, 3000);
    expect(await fault.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/is gone$/),
    });
    expect(group2Of(shell.id.pid)).toEqual(origin);
  });

  it('is undone by its lease, and SIGKILL ends a frozen process', async () => {
    const sleeper = startSleeper();
    const target = pidTarget(identity, sleeper.id.pid, noGuard);
    const { fault, steps } = await freeze(target);
    const lease = exampleLease({ owner: ownOwner(), undo: steps });
    const context = { clock: systemClock, graceMs: 0, boot: systemBoot };
    expect(await undoLease(lease, context)).toMatchObject({ undone: true });
    await until(() => stateOf(sleeper.id) === 'S', 2000);
    await fault.undo();
    expect((await fault.verifyUndone()).undone).toBe(true);
    await freeze(target);
    process.kill(sleeper.id.pid, 'SIGKILL');
    await until(() => stateOf(sleeper.id) === 'gone', 2000);
  });
});

describeWith([root, version2], 'a control group that a freezer shares with another fault', () => {
  it('is thawed by the lease of the freezer alone, and stays for the other', async () => {
    const sleeper = startSleeper();
    const target = pidTarget(identity, sleeper.id.pid, noGuard);
    const [steps, others]: [UndoStep[], UndoStep[]] = [[], []];
    const groups = await TargetGroups.enter(target, async (added) => void others.push(...added));
    cleanup(() => void groups.leave(systemClock));
    const fault = await driverOf('freezer').inject(
      request(target, { by: 'freezer' }),
      undefined,
      async (added) => void steps.push(...added),
    );
    cleanup(() => fault.undo());
    const [folder] = groups.folders;
    const acting = { owner: ownOwner(), expiresAtBootMs: systemBoot.nowMs() + 60_000 };
    const [frozen, other] = [
      exampleLease({ ...acting, id: 'run.001', fault: 'freezes', undo: steps }),
      exampleLease({ ...acting, id: 'run.002', fault: 'cuts', undo: others }),
    ];
    const context = { clock: systemClock, graceMs: 0, boot: systemBoot, leases: async () => [frozen, other] };
    const isFrozen = () => readFileSync(`${folder}/cgroup.freeze`, 'utf8').trim() === '1';
    expect(await undoLease(other, context)).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/is left to freezes/),
    });
    expect(isFrozen()).toBe(true);
    expect(await undoLease(frozen, context)).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/is left to cuts/),
    });
    expect(isFrozen()).toBe(false);
  });
});

describeWith(['setpriv', root], 'pod-failure without root rights', () => {
  it('works on processes of the same user, and is undone', async () => {
    const command = await bundled('test/faults/pod-chaos/pause-program.ts');
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
    const victim = start([...nobody, 'sleep', '300']);
    await until(() => stateOf(victim.id) === 'S', 2000);
    const program = start([...nobody, ...command, String(victim.id.pid)]);
    expect(await lineOf(program, 'probe')).toBe('probe true');
    await lineOf(program, 'stopped');
    expect(await lineOf(program, 'undone')).toMatch(/^undone state of process \d+ is [SR]$/);
  });

  it('says that it may not, on a process of somebody else', async () => {
    const command = await bundled('test/faults/pod-chaos/pause-program.ts');
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
    const victim = startSleeper();
    const program = start([...nobody, ...command, String(victim.id.pid)]);
    expect(await lineOf(program, 'probe')).toBe(
      `probe process ${victim.id.pid} of target app belongs to another user: run as that user, or as root`,
    );
  });
});
