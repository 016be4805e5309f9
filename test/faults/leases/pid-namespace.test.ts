// A run in a pid namespace of its own, as in a container, with a state folder that is shared with the machine.

import { existsSync, readlinkSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { ownPidNamespace, seenFromHere } from '../../../src/faults/leases/pid-namespace.ts';
import { orphans, recover } from '../../../src/faults/leases/recover.ts';
import { identify, isAlive } from '../../../src/faults/targets/process/proc.ts';
import type { ProcessId } from '../../../src/faults/targets/target.ts';
import { describeWith, root } from '../../support/requires.ts';
import {
  bundled,
  cleanup,
  exampleLease,
  journalIn,
  lineOf,
  markedPids,
  ownOwner,
  start,
  startSleeper,
  stateOf,
  temporaryFolder,
  until,
  watchdogEntry,
} from './support.ts';

describe('a process of our own pid namespace', () => {
  it('is known by pid and start time', () => {
    const own = identify(process.pid)!;
    expect(readlinkSync('/proc/self/ns/pid')).toBe(`pid:[${ownPidNamespace()}]`);
    expect(seenFromHere(own, ownPidNamespace())).toEqual(own);
    expect(seenFromHere(own, undefined)).toEqual(own);
    expect(seenFromHere({ ...own, startTime: own.startTime + 1 }, ownPidNamespace())).toBe('gone');
  });
});

describe('a lease of a pid namespace of which nobody is seen', () => {
  it('hits nobody who has the same pid, and is left alone where its run may still be alive', async () => {
    // No namespace has this number: numbers of namespaces begin far above it.
    const owner = { ...ownOwner(), pidNamespace: 7 };
    const mayLive = seenFromHere(owner, 7) === 'unseen';
    const sleeper = startSleeper();
    process.kill(sleeper.id.pid, 'SIGSTOP');
    await until(() => stateOf(sleeper.id) === 'T', 2000);
    const journal = journalIn(temporaryFolder());
    const undo = [{ type: 'continue', process: sleeper.id }] as const;
    await journal.open(exampleLease({ owner, undo }));
    expect(await orphans(journal)).toHaveLength(mayLive ? 0 : 1);
    const { leases } = await recover(journal, { dryRun: false, clock: systemClock });
    expect(leases.map(({ state }) => state)).toEqual([mayLive ? 'active' : 'undone']);
    expect(stateOf(sleeper.id)).toBe('T');
  });
});

describeWith([root, 'unshare'], 'a run in a pid namespace of its own', () => {
  it('is seen as alive from outside, and undone from outside when it has died', async () => {
    const standIn = await bundled('test/faults/leases/runner-stand-in.ts');
    const watchdogCommand = await bundled(watchdogEntry);
    const state = temporaryFolder();
    const order = {
      state,
      run: 'run-inside',
      watchdogCommand,
      expiresInMs: 600_000,
      hungAfterMs: 5000,
      ends: 'never',
    };
    // The shell is process 1 in there and stays when runner and watchdog are killed.
    const script = 'sleep 300 & "$0" "$1" "$(printf \'%s\' "$2" | sed "s/VICTIM/$!/")"; sleep 300';
    const text = JSON.stringify({ ...order, victim: 'VICTIM' }).replace('"VICTIM"', 'VICTIM');
    const command = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c', script];
    const inside = start([...command, ...standIn, text]);
    cleanup(() => {
      for (const pid of markedPids('run-inside/app')) process.kill(pid, 'SIGKILL');
    });
    await lineOf(inside, 'fault injected');

    const journal = journalIn(state);
    expect((await journal.list()).leases.map(({ state }) => state)).toEqual(['active', 'active']);
    const record = (await journal.runs.find('run-inside'))!;
    expect(record.pidNamespace).not.toBe(ownPidNamespace());
    expect((await journal.runs.live()).map(({ run }) => run)).toEqual(['run-inside']);
    const here = (id: ProcessId) => seenFromHere(id, record.pidNamespace) as ProcessId;
    const [runner, watchdog] = [here(record.runner), here(record.watchdog!)];
    const fault = (await journal.list()).leases.find((lease) => lease.fault === 'pod-chaos')!;
    const victim = here(fault.processes![0]!);
    expect(existsSync(`/proc/${victim.pid}`)).toBe(true);
    expect(victim.pid).not.toBe(fault.processes![0]!.pid);
    expect(stateOf(victim)).toBe('T');

    for (const signal of ['SIGSTOP', 'SIGKILL'] as const)
      for (const { pid } of [watchdog, runner]) process.kill(pid, signal);
    await until(() => !isAlive(runner) && !isAlive(watchdog), 2000);
    expect(await orphans(journal)).toHaveLength(2);
    const { leases } = await recover(journal, { dryRun: false, clock: systemClock });
    expect(leases.map(({ state }) => state)).toEqual(['undone', 'undone']);
    expect(stateOf(victim)).not.toBe('T');
    expect(markedPids('run-inside/app')).toEqual([]);
  });
});
