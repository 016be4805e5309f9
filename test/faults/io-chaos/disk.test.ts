import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import type { FaultRequest, PreparedFault } from '../../../src/faults/fault.ts';
import type { IoChaosSpec } from '../../../src/faults/io-chaos/spec.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import type { TargetHandle } from '../../../src/faults/targets/target.ts';
import { describeWith, root } from '../../support/requires.ts';
import {
  cleanup,
  exampleLease,
  ownOwner,
  start,
  startSleeper,
  temporaryFolder,
  until,
} from '../leases/support.ts';
import { identity, noGuard, startTarget } from '../targets/support.ts';
import { driver, inject, request } from './support.ts';

const writer = `
const fs = require('node:fs');
const file = process.argv[1] + '/new';
setInterval(() => {
  try { fs.writeFileSync(file, 'x'.repeat(9000)); console.log('ok'); } catch (error) { console.log(error.code); }
  try { fs.rmSync(file, { force: true }); } catch {}
}, 10)`;

const awaited: TargetHandle = {
  ...identity,
  type: 'process',
  started: true,
  describe: async () => 'awaited',
  processes: async () => [],
};

/** Starts a target as a run does: probed and prepared before, injected when it runs. */
async function startUnder(spec: { action: string; volumePath: string; size?: string }) {
  const chosen = driver(spec.action === 'diskFull' ? 'full-disk' : 'read-only-mount');
  const command = [process.execPath, '-e', writer, spec.volumePath];
  const declared = { type: 'command', command } as unknown as FaultRequest['declared'];
  const asked = await request(awaited, spec, { declared });
  expect(await chosen.probe(asked)).toEqual({ usable: true });
  const prepared: PreparedFault = await chosen.prepare!(asked);
  const { target, logFile } = await startTarget(command, {}, { launches: [prepared.launch] });
  const running: FaultRequest<IoChaosSpec> = { ...asked, target };
  const steps: UndoStep[] = [...(await chosen.undoSteps(running))];
  const injectNow = async () => {
    const fault = await chosen.inject(running, prepared, async (added) => void steps.push(...added));
    cleanup(() => fault.undo());
    return fault;
  };
  const next = async (word: string) => {
    const from = readFileSync(logFile, 'utf8').length;
    await until(() => readFileSync(logFile, 'utf8').slice(from).includes(`${word}\n`), 5000, word);
  };
  return { target, steps, injectNow, next };
}

const undoContext = { clock: systemClock, graceMs: 0, boot: systemBoot };

describeWith(
  [root, 'unshare', 'nsenter', 'mount', 'fallocate'],
  'IOChaos on the disk of a started target',
  () => {
    it('is full for the target alone, and has room again after the undo', async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'old'), 'content');
      const { target, steps, injectNow, next } = await startUnder({
        action: 'diskFull',
        size: '4MB',
        volumePath: folder,
      });
      await next('ok');
      const [first] = await target.processes();
      expect(readFileSync(`/proc/${first!.pid}/root${folder}/old`, 'utf8')).toBe('content');
      const fault = await injectNow();
      await next('ENOSPC');
      expect(await fault.missing()).toBeUndefined();
      expect(steps.at(-1)).toMatchObject({
        type: 'remove',
        path: expect.stringContaining('.firedrill_full_'),
      });
      // What the target frees is used up again.
      writeFileSync(join(folder, 'host'), 'x'.repeat(100_000));
      await fault.undo();
      expect(await fault.verifyUndone()).toMatchObject({
        undone: true,
        evidence: expect.stringMatching(/are free in/),
      });
      await next('ok');
      expect(readdirSync(folder).sort()).toEqual(['host', 'old']);
    });

    it('is undone by its lease', async () => {
      const folder = temporaryFolder();
      const { steps, injectNow, next } = await startUnder({
        action: 'diskFull',
        size: '4MB',
        volumePath: folder,
      });
      const fault = await injectNow();
      await next('ENOSPC');
      // The fault as it is when its runner was killed: nobody fills any more.
      await fault.undo();
      const again = await injectNow();
      await next('ENOSPC');
      const outcome = await undoLease(exampleLease({ owner: ownOwner(), undo: steps }), undoContext);
      expect(outcome).toMatchObject({ undone: true });
      await again.undo();
      await next('ok');
    });

    it('is read-only for the target alone, and writable after the undo or by its lease, taken twice', async () => {
      const folder = temporaryFolder();
      const { steps, injectNow, next } = await startUnder({ action: 'readOnly', volumePath: folder });
      await next('ok');
      const fault = await injectNow();
      await next('EROFS');
      expect(await fault.missing()).toBeUndefined();
      writeFileSync(join(folder, 'host'), 'writable');
      await fault.undo();
      expect(await fault.verifyUndone()).toMatchObject({ undone: true });
      await next('ok');
      await injectNow();
      await next('EROFS');
      expect(steps).toMatchObject([{ type: 'unmount', path: folder, before: 0 }]);
      const lease = exampleLease({ owner: ownOwner(), undo: steps });
      expect(await undoLease(lease, undoContext)).toMatchObject({ undone: true });
      expect(await undoLease(lease, undoContext)).toMatchObject({ undone: true });
      await next('ok');
    });
  },
);

describeWith([root, 'mount', 'fallocate'], 'IOChaos on the disk of a running process', () => {
  it('fills a file system of its own, keeps it full, and empties it', async () => {
    const folder = temporaryFolder();
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'firedrill_test', disk]);
    cleanup(() => void execFileSync('umount', ['--lazy', disk]));
    writeFileSync(join(disk, 'old'), 'x'.repeat(1_000_000));
    const program = start([process.execPath, '-e', writer, disk]);
    const target = pidTarget(identity, program.id.pid, noGuard);
    const { fault, steps } = await inject(
      driver('full-disk'),
      await request(target, { action: 'diskFull', volumePath: disk }),
    );
    await until(() => program.output().includes('ENOSPC'), 5000);
    execFileSync('rm', [join(disk, 'old')]);
    await until(async () => (await fault.missing()) === undefined, 5000, 'full again');
    const [file] = steps.flatMap((step) => (step.type === 'remove' ? [step.path] : []));
    expect(existsSync(file!)).toBe(true);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(existsSync(file!)).toBe(false);
    expect(await fault.missing()).toMatch(/has room again$/);
  });

  it('refuses the disk of the machine, and mounts that others share', async () => {
    const target = pidTarget(identity, startSleeper().id.pid, noGuard);
    const refusal = async (name: string, spec: object) => {
      const answer = await driver(name).probe(await request(target, spec));
      return answer.usable ? 'usable' : answer.reason;
    };
    expect(await refusal('full-disk', { action: 'diskFull', volumePath: '/etc' })).toBe(
      '/etc is on the same disk as /',
    );
    expect(await refusal('full-disk', { action: 'diskFull', volumePath: '/no/such' })).toBe(
      '/no/such is no folder',
    );
    expect(await refusal('read-only-mount', { action: 'readOnly', volumePath: '/etc' })).toMatch(
      /shares its mounts with the machine/,
    );
    expect(await refusal('read-only-mount', { action: 'diskFull', volumePath: '/etc' })).toBe(
      'it does readOnly only',
    );
  });
});
