import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { blockChaos } from '../../../src/faults/block-chaos/block-chaos.ts';
import { diskOf } from '../../../src/faults/block-chaos/device.ts';
import { type BlockChaosSpec, blockChaosSchema } from '../../../src/faults/block-chaos/spec.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { type Condition, describeWith, root } from '../../support/requires.ts';
import {
  cleanup,
  exampleLease,
  lineOf,
  ownOwner,
  start,
  startSleeper,
  temporaryFolder,
  until,
} from '../leases/support.ts';
import { identity, noGuard } from '../targets/support.ts';

const driver = blockChaos.drivers[0]!;

function request(pid: number, spec: unknown): FaultRequest<BlockChaosSpec> {
  return {
    name: 'block-chaos',
    kind: 'BlockChaos',
    durationMs: 20_000,
    target: pidTarget(identity, pid, noGuard),
    declared: { type: 'pid', pid },
    machine: { uid: 0, canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
    spec: blockChaosSchema.parse(spec),
  };
}

describe('BlockChaos', () => {
  it('takes limits of its own beside the delay of Chaos Mesh', () => {
    expect(
      blockChaosSchema.parse({ action: 'limit', volumeName: '/', limit: { writeBytes: '1MB' } }),
    ).toEqual({
      action: 'limit',
      volumeName: '/',
      limit: { writeBytes: 1024 * 1024 },
    });
    for (const limit of [undefined, {}, { writeBytes: 'much' }, { readOperations: 0 }])
      expect(blockChaosSchema.safeParse({ action: 'limit', volumeName: '/', limit }).success).toBe(false);
  });

  it('says what a delay would need, and refuses paths on no disk', async () => {
    const sleeper = startSleeper();
    const refusal = async (spec: object) => {
      const answer = await driver.probe(request(sleeper.id.pid, spec));
      return answer.usable ? 'usable' : answer.reason;
    };
    expect(await refusal({ action: 'delay', volumeName: '/', delay: { latency: '1s' } })).toMatch(
      /needs device-mapper/,
    );
    const limit = { writeBytes: '1MB' };
    expect(await refusal({ action: 'limit', volumeName: '/proc', limit })).toBe(
      '/proc is on no block device',
    );
    expect(await refusal({ action: 'limit', volumeName: '/no/such', limit })).toBe('/no/such does not exist');
  });
});

const version1: Condition = {
  name: 'the blkio controller of version 1',
  met: () => existsSync('/sys/fs/cgroup/blkio/blkio.throttle.write_bps_device'),
};

const writer = `
const fs = require('node:fs');
const file = fs.openSync(process.argv[1], 'w');
const bytes = Buffer.alloc(256 * 1024, 1);
(function write() {
  const begun = performance.now();
  fs.writeSync(file, bytes, 0, bytes.length, 0); fs.fsyncSync(file);
  console.log('took', Math.round(performance.now() - begun));
  setTimeout(write, 20);
})()`;

describeWith([root, version1], 'a limit on the disk of a running process', () => {
  it('slows its writes, counts them, and ends with the undo or by the lease', async () => {
    // On the disk of the sources: the folder for temporary files may be in memory.
    const folder = mkdtempSync(join(process.cwd(), '.block-chaos-'));
    cleanup(() => rmSync(folder, { recursive: true, force: true }));
    expect(await diskOf(folder)).toMatchObject({ number: expect.stringMatching(/^\d+:\d+$/) });
    const program = start([process.execPath, '-e', writer, join(folder, 'file')]);
    await lineOf(program, 'took');
    const next = async (fits: (tookMs: number) => boolean, what: string) => {
      const from = program.output().length;
      const lines = () => program.output().slice(from).split('\n').slice(1, -1);
      await until(() => lines().some((line) => fits(Number(line.split(' ')[1]))), 15_000, what);
    };
    const asked = request(program.id.pid, {
      action: 'limit',
      volumeName: folder,
      limit: { writeBytes: '512KB' },
    });
    expect(await driver.probe(asked)).toEqual({ usable: true });
    expect(driver.plan(asked).what).toContain('to 512 KiB written a second on the disk of');
    const steps: UndoStep[] = [];
    const inject = async () => {
      const fault = await driver.inject(asked, undefined, async (added) => void steps.push(...added));
      cleanup(() => fault.undo());
      return fault;
    };
    const fault = await inject();
    // 256 KiB at 512 KiB a second.
    await next((tookMs) => tookMs > 300, 'a slow write');
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBeGreaterThan(0);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    await next((tookMs) => tookMs < 300, 'a fast write');
    await inject();
    const context = { clock: systemClock, graceMs: 0, boot: systemBoot };
    expect(await undoLease(exampleLease({ owner: ownOwner(), undo: steps }), context)).toMatchObject({
      undone: true,
    });
    expect(steps.every((step) => step.type === 'leave-cgroup' && !existsSync(step.path))).toBe(true);
  });
});
