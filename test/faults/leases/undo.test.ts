import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { orphans, recover } from '../../../src/faults/leases/recover.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { describeWith, root } from '../../support/requires.ts';
import {
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
} from './support.ts';

const context = { clock: systemClock, graceMs: 0, boot: systemBoot };
const undo = (steps: readonly UndoStep[], changes = {}) =>
  undoLease(exampleLease({ undo: steps, ...changes }), context);

async function stoppedSleeper() {
  const sleeper = startSleeper();
  process.kill(sleeper.id.pid, 'SIGSTOP');
  await until(() => stateOf(sleeper.id) === 'T', 1000);
  return sleeper;
}

describe('undo steps', () => {
  it('continue a stopped process, more than once', async () => {
    const { id } = await stoppedSleeper();
    const step = { type: 'continue', process: id } as const;
    expect(await undo([step])).toEqual({
      undone: true,
      evidence: expect.stringMatching(/^state of process \d+ is [SR]$/),
    });
    expect((await undo([step])).undone).toBe(true);
    expect(stateOf(id)).not.toBe('T');
  });

  it('never signal a process that only has the pid of the one they mean', async () => {
    const { id } = await stoppedSleeper();
    const recycled = { pid: id.pid, startTime: id.startTime - 1 };
    expect(await undo([{ type: 'continue', process: recycled }])).toEqual({
      undone: true,
      evidence: `process ${id.pid} is gone`,
    });
    expect(await undo([{ type: 'end-tree', process: recycled }])).toEqual({
      undone: true,
      evidence: `the tree of process ${id.pid}: none left`,
    });
    expect(stateOf(id)).toBe('T');
  });

  it('touch no process when the machine was restarted since', async () => {
    const { id } = await stoppedSleeper();
    const owner = { pid: 1, startTime: 1, bootId: 'an-earlier-one' };
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const steps: UndoStep[] = [
      { type: 'continue', process: id },
      { type: 'end-tree', process: id },
      { type: 'remove', path: file },
    ];
    expect((await undo(steps, { owner })).undone).toBe(true);
    expect(stateOf(id)).toBe('T');
    expect(existsSync(file)).toBe(false);
  });

  it('end a tree, a session and what is marked, also when all of it is stopped', async () => {
    const mark = `undo-${process.pid}`;
    const shell = start([
      'sh',
      '-c',
      `export FIREDRILL_MARK=${mark}; sleep 301 & (setsid sleep 302 &) ; sleep 303 & echo up; wait`,
    ]);
    await lineOf(shell, 'up');
    await until(() => markedPids(mark).length === 3, 2000);
    for (const pid of [shell.id.pid, ...markedPids(mark)]) process.kill(pid, 'SIGSTOP');
    expect(await undo([{ type: 'end-tree', process: shell.id }])).toEqual({
      undone: true,
      evidence: `the tree of process ${shell.id.pid}: 3 ended, none left`,
    });
    expect(await undo([{ type: 'end-marked', mark }])).toEqual({
      undone: true,
      evidence: `processes marked ${mark}: 1 ended, none left`,
    });
    expect(markedPids(mark)).toEqual([]);
  });

  it('end what keeps forking', async () => {
    const mark = `forks-${process.pid}`;
    const forker = 'exec 2>/dev/null; f() { sleep 0.5 & sleep 0.01; f & }; f; echo up; sleep 5';
    const shell = start(['env', `FIREDRILL_MARK=${mark}`, 'sh', '-c', forker]);
    cleanup(() => {
      for (const pid of markedPids(mark)) process.kill(pid, 'SIGKILL');
    });
    await lineOf(shell, 'up');
    expect((await undo([{ type: 'end-marked', mark }])).undone).toBe(true);
    expect(markedPids(mark)).toEqual([]);
  });

  it('remove what is ours and nothing near the root', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'scratch', 'deep'), { recursive: true });
    writeFileSync(join(folder, 'scratch', 'deep', 'file'), '');
    const step = { type: 'remove', path: join(folder, 'scratch') } as const;
    expect((await undo([step])).undone).toBe(true);
    expect(existsSync(join(folder, 'scratch'))).toBe(false);
    expect((await undo([step])).undone).toBe(true);
    for (const path of ['/', '/etc', '/etc/..', 'etc/passwd', '/tmp/../etc'])
      expect(await undo([{ type: 'remove', path }])).toMatchObject({ undone: false });
    expect(existsSync('/etc')).toBe(true);
  });

  it('wait for the owner when only its end undoes the fault', async () => {
    const step = { type: 'ends-with-owner', what: 'the DNS server' } as const;
    expect(await undo([step], { owner: ownOwner() })).toEqual({
      undone: false,
      left: [`the DNS server lasts as long as process ${process.pid}: kill ${process.pid}`],
    });
    expect(await undo([step])).toEqual({
      undone: true,
      evidence: 'the DNS server ended with process 999999',
    });
  });

  it('go on after one that fails, and say so when a newer version wrote one', async () => {
    const { id } = await stoppedSleeper();
    const steps = [{ type: 'thaw-moon' }, { type: 'continue', process: id }] as unknown as UndoStep[];
    expect(await undo(steps)).toEqual({
      undone: false,
      left: ['a newer Firedrill wrote the step {"type":"thaw-moon"}: undo it with that version'],
    });
    expect(stateOf(id)).not.toBe('T');
  });
});

describeWith([root], 'leave-cgroup', () => {
  const hierarchy = '/sys/fs/cgroup/freezer';

  it.runIf(existsSync(`${hierarchy}/cgroup.procs`))('thaws, moves back and removes', async () => {
    const sleeper = startSleeper();
    const path = `${hierarchy}/firedrill-test-${process.pid}`;
    mkdirSync(path);
    const step = { type: 'leave-cgroup', path, origin: hierarchy } as const;
    cleanup(async () => void (await undo([step])));
    writeFileSync(`${path}/cgroup.procs`, String(sleeper.id.pid));
    writeFileSync(`${path}/freezer.state`, 'FROZEN');
    expect(await undo([step])).toEqual({ undone: true, evidence: `control group ${path} is gone` });
    expect(existsSync(path)).toBe(false);
    expect(readFileSync(`/proc/${sleeper.id.pid}/cgroup`, 'utf8')).toMatch(/:freezer:\/$/m);
    expect((await undo([step])).undone).toBe(true);
  });

  it('does not touch a group of somebody else', async () => {
    const path = '/sys/fs/cgroup/system.slice';
    expect(await undo([{ type: 'leave-cgroup', path, origin: hierarchy }])).toEqual({
      undone: false,
      left: [`${path} is not a control group of ours: not touched`],
    });
  });
});

describe('recovery', () => {
  it('undoes what dead runs left, and only that', async () => {
    const journal = journalIn(temporaryFolder());
    const left = await stoppedSleeper();
    const held = await stoppedSleeper();
    await journal.open(
      exampleLease({ id: 'dead.001', run: 'dead', undo: [{ type: 'continue', process: left.id }] }),
    );
    const live = { id: 'live.001', run: 'live', owner: ownOwner() };
    await journal.open(exampleLease({ ...live, undo: [{ type: 'continue', process: held.id }] }));
    expect((await orphans(journal)).map((lease) => lease.id)).toEqual(['dead.001']);

    const planned = await recover(journal, { dryRun: true, clock: systemClock });
    expect(planned.leases.map((lease) => `${lease.id} ${lease.state}`)).toEqual([
      'dead.001 orphaned',
      'live.001 active',
    ]);
    expect(stateOf(left.id)).toBe('T');

    const done = await recover(journal, { dryRun: false, clock: systemClock });
    expect(done.leases.map((lease) => `${lease.id} ${lease.state}`).sort()).toEqual([
      'dead.001 undone',
      'live.001 active',
    ]);
    await until(() => stateOf(left.id) === 'S', 1000);
    expect(stateOf(held.id)).toBe('T');
    expect(await orphans(journal)).toEqual([]);
  });

  it('keeps what it could not undo as stuck, and tries it again the next time', async () => {
    const journal = journalIn(temporaryFolder());
    const sleeper = await stoppedSleeper();
    const steps = [{ type: 'thaw-moon' }, { type: 'continue', process: sleeper.id }];
    await journal.open(exampleLease({ undo: steps as unknown as UndoStep[] }));
    for (let time = 0; time < 2; time++) {
      const { leases } = await recover(journal, { dryRun: false, clock: systemClock });
      expect(leases).toMatchObject([{ state: 'stuck', reason: expect.stringMatching(/^a newer Firedrill/) }]);
    }
    expect(stateOf(sleeper.id)).not.toBe('T');
  });
});
