import { chownSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { orphans, recover } from '../../../src/faults/leases/recover.ts';
import { identify, isAlive } from '../../../src/faults/targets/process/proc.ts';
import { describeWith, root } from '../../support/requires.ts';
import type { StandInOrder } from './runner-stand-in.ts';
import {
  bundled,
  cleanup,
  journalIn,
  lineOf,
  markedPids,
  sleep,
  start,
  startSleeper,
  stateOf,
  temporaryFolder,
  until,
  watchdogEntry,
} from './support.ts';

const standIn = await bundled('test/faults/leases/runner-stand-in.ts');
const watchdogCommand = await bundled(watchdogEntry);

function startRunner(changes: Partial<StandInOrder> = {}) {
  const state = changes.state ?? temporaryFolder();
  const victim = startSleeper();
  const run = `run-${victim.id.pid}`;
  const order: StandInOrder = {
    state,
    run,
    watchdogCommand,
    victim: victim.id.pid,
    expiresInMs: 600_000,
    hungAfterMs: 5000,
    ends: 'never',
    ...changes,
  };
  const runner = start([...standIn, JSON.stringify(order)]);
  const mark = `${run}/app`;
  cleanup(() => {
    for (const pid of markedPids(mark)) process.kill(pid, 'SIGKILL');
  });
  const journal = journalIn(state);
  const watchdog = async () => (await journal.runs.find(run))?.watchdog;
  cleanup(async () => {
    const id = await watchdog();
    if (id && isAlive(id)) process.kill(id.pid, 'SIGKILL');
  });
  const isClean = async () => {
    const { leases } = await journal.list();
    return (
      stateOf(victim.id) === 'S' &&
      markedPids(mark).length === 0 &&
      leases.every((lease) => lease.state === 'undone') &&
      (await watchdog()) === undefined
    );
  };
  return { runner, victim, run, mark, journal, watchdog, isClean };
}

describe('the watchdog', () => {
  it('undoes everything when the runner is killed during a fault', async () => {
    const { runner, victim, mark, isClean, watchdog, journal } = startRunner();
    await lineOf(runner, 'fault injected');
    expect(stateOf(victim.id)).toBe('T');
    expect(markedPids(mark)).toHaveLength(3);
    const guard = (await watchdog())!;
    process.kill(runner.id.pid, 'SIGKILL');
    expect(await until(isClean, 5000, 'a clean machine')).toBeLessThan(2000);
    await until(() => !isAlive(guard), 1000, 'the end of the watchdog');
    const { leases } = await journal.list();
    expect(leases.map((lease) => lease.reason)).toEqual([
      expect.stringMatching(/^the runner died: .*3 ended, none left/),
      expect.stringMatching(/^the runner died: state of process \d+ is [SRD]$/),
    ]);
  });

  it('leaves nothing when the runner is killed at any instant', async () => {
    for (let trial = 0; trial < 12; trial++) {
      const { runner, isClean, watchdog } = startRunner();
      // From before the watchdog to after the injection.
      await sleep(60 + trial * 45 + Math.random() * 40);
      process.kill(runner.id.pid, 'SIGKILL');
      await until(() => !isAlive(runner.id), 1000);
      await until(isClean, 5000, `a clean machine in trial ${trial}`);
      expect(await watchdog()).toBeUndefined();
    }
  }, 60_000);

  it('goes when the runner ends cleanly', async () => {
    const { runner, isClean, watchdog } = startRunner({ ends: 'cleanly' });
    await lineOf(runner, 'leases started');
    const guard = (await watchdog())!;
    await lineOf(runner, 'ended cleanly');
    expect(await isClean()).toBe(true);
    expect(isAlive(guard)).toBe(false);
  });

  it('ends a runner that is stopped, and undoes its faults', async () => {
    const { runner, isClean } = startRunner({ hungAfterMs: 1500 });
    await lineOf(runner, 'fault injected');
    process.kill(runner.id.pid, 'SIGSTOP');
    expect(await until(isClean, 6000, 'a clean machine')).toBeGreaterThan(1000);
    expect(isAlive(runner.id)).toBe(false);
  });

  it('ends a runner whose event loop is blocked', async () => {
    const { runner, isClean } = startRunner({ hungAfterMs: 1500, ends: 'blocked' });
    await lineOf(runner, 'fault injected');
    await until(isClean, 6000, 'a clean machine');
    expect(isAlive(runner.id)).toBe(false);
  });

  it('gives a runner that computes more time than one that hangs', async () => {
    const { runner, isClean } = startRunner({ hungAfterMs: 1500, ends: 'after being busy' });
    await lineOf(runner, 'ended cleanly');
    expect(await isClean()).toBe(true);
  });

  it('undoes a lease that expires while the runner lives, and tells the runner', async () => {
    const { runner, victim, run, journal } = startRunner({ expiresInMs: 1000 });
    await lineOf(runner, 'fault injected');
    expect(stateOf(victim.id)).toBe('T');
    expect(await lineOf(runner, 'expired')).toBe(`expired ${run}.002`);
    await until(() => stateOf(victim.id) === 'S', 2000);
    await until(async () => (await journal.read(`${run}.002`))?.state === 'undone', 2000);
    expect((await journal.read(`${run}.001`))?.state).toBe('active');
    expect(isAlive(runner.id)).toBe(true);
  });

  it('is replaced when it is killed, and the successor does its work', async () => {
    const { runner, isClean, watchdog } = startRunner();
    await lineOf(runner, 'fault injected');
    const first = (await watchdog())!;
    process.kill(first.pid, 'SIGKILL');
    const replaced = async () => ((await watchdog())?.pid ?? first.pid) !== first.pid;
    expect(await until(replaced, 2000, 'a new watchdog')).toBeLessThan(1500);
    process.kill(runner.id.pid, 'SIGKILL');
    await until(isClean, 5000, 'a clean machine');
  });

  it('is replaced when it is stopped, and does not come back beside its successor', async () => {
    const { runner, watchdog, isClean } = startRunner();
    await lineOf(runner, 'fault injected');
    const first = (await watchdog())!;
    process.kill(first.pid, 'SIGSTOP');
    await until(async () => (await watchdog())?.pid !== first.pid, 5000, 'a new watchdog');
    expect(isAlive(first)).toBe(false);
    process.kill(runner.id.pid, 'SIGKILL');
    await until(isClean, 5000, 'a clean machine');
  });

  it('leaves the work to `undo` when it is killed together with the runner', async () => {
    const { runner, victim, isClean, watchdog, journal, mark } = startRunner();
    await lineOf(runner, 'fault injected');
    process.kill((await watchdog())!.pid, 'SIGKILL');
    process.kill(runner.id.pid, 'SIGKILL');
    await until(() => !isAlive(runner.id), 1000);
    expect([stateOf(victim.id), markedPids(mark).length]).toEqual(['T', 3]);
    expect((await orphans(journal)).map((lease) => lease.fault)).toEqual(['target', 'pod-chaos']);
    const { leases } = await recover(journal, { dryRun: false, clock: systemClock });
    expect(leases.map((lease) => `${lease.fault} ${lease.state}`)).toEqual([
      'pod-chaos undone',
      'target undone',
    ]);
    await until(isClean, 1000, 'a clean machine');
  });

  it('does not stand in the way of `undo` when it is stopped and its runner dead', async () => {
    const { runner, isClean, watchdog, journal } = startRunner();
    await lineOf(runner, 'fault injected');
    const guard = (await watchdog())!;
    process.kill(guard.pid, 'SIGSTOP');
    process.kill(runner.id.pid, 'SIGKILL');
    await until(() => !isAlive(runner.id), 1000);
    expect(await orphans(journal)).toHaveLength(2);
    await recover(journal, { dryRun: false, clock: systemClock });
    expect(await orphans(journal)).toEqual([]);
    process.kill(guard.pid, 'SIGCONT');
    await until(() => !isAlive(guard), 3000);
    expect(await isClean()).toBe(true);
  });

  it('does not hear the signals that end a run', async () => {
    const { runner, watchdog, isClean } = startRunner();
    await lineOf(runner, 'fault injected');
    const guard = (await watchdog())!;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(guard.pid, signal);
    await sleep(300);
    expect(isAlive(guard)).toBe(true);
    expect(identify(guard.pid)).toEqual(guard);
    process.kill(runner.id.pid, 'SIGKILL');
    await until(isClean, 5000, 'a clean machine');
  });
});

describeWith(['setpriv', root], 'the watchdog without root rights', () => {
  it('undoes everything when the runner is killed', async () => {
    const state = temporaryFolder();
    chownSync(state, 65534, 65534);
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
    const victim = start([...nobody, 'sleep', '300']);
    const order: StandInOrder = {
      state,
      run: 'run-nobody',
      watchdogCommand,
      victim: victim.id.pid,
      expiresInMs: 600_000,
      hungAfterMs: 5000,
      ends: 'never',
    };
    const runner = start([...nobody, ...standIn, JSON.stringify(order)]);
    await lineOf(runner, 'fault injected');
    expect([stateOf(victim.id), markedPids('run-nobody/app').length]).toEqual(['T', 3]);
    process.kill(runner.id.pid, 'SIGKILL');
    await until(() => stateOf(victim.id) === 'S' && markedPids('run-nobody/app').length === 0, 5000);
  });
});
