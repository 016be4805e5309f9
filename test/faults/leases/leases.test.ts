import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { Leases, type LeasesOptions } from '../../../src/faults/leases/leases.ts';
import { isAlive } from '../../../src/faults/targets/process/proc.ts';
import {
  bundled,
  cleanup,
  exampleLease,
  journalIn,
  ownOwner,
  sleep,
  start,
  startSleeper,
  temporaryFolder,
  until,
  watchdogEntry,
} from './support.ts';

const watchdogCommand = await bundled(watchdogEntry);

async function startLeases(changes: Partial<LeasesOptions> = {}) {
  const state = temporaryFolder();
  const journal = journalIn(state);
  const lost: string[] = [];
  const leases = new Leases({
    journal,
    run: 'run-b',
    runFolder: join(state, 'run'),
    clock: systemClock,
    watchdogCommand,
    onWatchdogLost: (reason) => lost.push(reason),
    onExpired: () => {},
    ...changes,
  });
  await leases.start();
  cleanup(() => leases.close());
  return { leases, journal, lost, watchdog: async () => (await journal.runs.find('run-b'))!.watchdog! };
}

const code = (error: { diagnostics?: { code: string }[] }) => error.diagnostics?.[0]?.code;

describe('leases', () => {
  it('have a watchdog that is alive as soon as they are started, and gone when they are closed', async () => {
    const { leases, watchdog } = await startLeases();
    const id = await watchdog();
    expect(isAlive(id)).toBe(true);
    await leases.close();
    await until(() => !isAlive(id), 5000);
    expect(isAlive(id)).toBe(false);
  });

  it('start from the sources too', async () => {
    const { journal, watchdog } = await startLeases({
      watchdogCommand: [process.execPath, '--import', 'tsx', watchdogEntry],
    });
    expect(isAlive(await watchdog())).toBe(true);
    expect((await journal.runs.live()).map((record) => record.run)).toEqual(['run-b']);
  });

  it('are on record before anything is injected, with their end in boot time', async () => {
    const { leases, journal } = await startLeases();
    const handle = await leases.open({ fault: 'f', target: 't', undo: [], expiresInMs: 5000 });
    const lease = (await journal.read(handle.id))!;
    expect(lease).toMatchObject({ id: 'run-b.001', state: 'active', owner: ownOwner() });
    expect(lease.expiresAtBootMs - journal.around.boot.nowMs()).toBeGreaterThan(4000);
    expect(lease.expiresAt - lease.createdAt).toBe(5000);
    await handle.settle('undone');
    expect((await journal.read(handle.id))!.state).toBe('undone');
  });

  it('are refused without a watchdog', async () => {
    const options = {
      watchdogCommand: [process.execPath, '-e', 'console.error("no luck"); process.exit(3)'],
    };
    await expect(startLeases(options)).rejects.toThrow(
      /the watchdog did not start: it ended with 3\nno luck/,
    );
    expect(await startLeases({ watchdogCommand: ['/no/such/program'] }).catch(code)).toBe('FD603');
  });

  it('are refused without a journal, and the watchdog goes', async () => {
    const marker = `unwritable-${process.pid}`;
    expect(await startLeases({ run: marker, journal: journalIn('/proc/firedrill') }).catch(code)).toBe(
      'FD601',
    );
  });

  it('say so when no watchdog can be had any more', async () => {
    const state = temporaryFolder();
    const once = join(state, 'once');
    // The first one works; its successors end at once.
    const script = `[ -e ${once} ] && exit 9; touch ${once}; exec "$@"`;
    const { leases, lost, watchdog } = await startLeases({
      watchdogCommand: ['sh', '-c', script, 'sh', ...watchdogCommand],
    });
    process.kill((await watchdog()).pid, 'SIGKILL');
    await until(() => lost.length > 0, 3000);
    expect(lost).toEqual([expect.stringMatching(/^the watchdog did not start: it ended with 9/)]);
    const refused = leases.open({ fault: 'f', target: 't', undo: [], expiresInMs: 5000 });
    expect(await refused.catch(code)).toBe('FD603');
  });

  it('leave the watchdog in place when one of them is still open at the end', async () => {
    const { leases, watchdog } = await startLeases();
    const handle = await leases.open({ fault: 'f', target: 't', undo: [], expiresInMs: 60_000 });
    const guard = await watchdog();
    await leases.close();
    await sleep(500);
    expect(isAlive(guard)).toBe(true);
    process.kill(guard.pid, 'SIGKILL');
    await handle.settle('undone');
  });

  it('refuse a target that another run holds', async () => {
    const { leases, journal } = await startLeases();
    const processes = [startSleeper().id];
    const other = { id: 'other.001', run: 'other', owner: ownOwner(), processes };
    await journal.open(exampleLease(other));
    const open = () =>
      leases.open({ fault: 'target', target: 'app', undo: [], expiresInMs: 5000, processes });
    await expect(open()).rejects.toThrow('target app is held by run other (lease other.001, active)');
    expect((await journal.read('run-b.001'))!.state).toBe('undone');
    await journal.settle('other.001', 'undone');
    await (await open()).settle('undone');
  });
});

describe('stopping a run', () => {
  it('asks its process, and waits until it has gone', async () => {
    const { journal } = await startLeases();
    const runner = start(['sh', '-c', 'trap "sleep 0.3; exit 4" TERM; while :; do sleep 0.05; done']);
    const record = { folder: '/nowhere', startedAt: 0, bootId: journal.around.boot.id };
    await journal.runs.register({ ...record, run: 'run-c', runner: runner.id });
    await sleep(100);
    expect(await journal.runs.requestStop('run-c', { limitMs: 5000, clock: systemClock })).toBe('stopped');
    expect(isAlive(runner.id)).toBe(false);
    await until(() => runner.child.exitCode === 4, 2000, 'exit code 4');
    expect(await journal.runs.requestStop('run-c', { limitMs: 100, clock: systemClock }).catch(code)).toBe(
      'FD606',
    );
  });

  it('gives up waiting, and never signals a recycled pid', async () => {
    const { journal } = await startLeases();
    const runner = start(['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.05; done']);
    await until(() => runner.output() !== '', 2000);
    const record = { folder: '/nowhere', startedAt: 0, bootId: journal.around.boot.id };
    await journal.runs.register({ ...record, run: 'run-d', runner: runner.id });
    expect(await journal.runs.requestStop('run-d', { limitMs: 200, clock: systemClock })).toBe('timeout');
    const recycled = { ...runner.id, startTime: runner.id.startTime - 1 };
    await journal.runs.register({ ...record, run: 'run-d', runner: recycled });
    expect(await journal.runs.requestStop('run-d', { limitMs: 200, clock: systemClock }).catch(code)).toBe(
      'FD606',
    );
    expect(isAlive(runner.id)).toBe(true);
  });
});
