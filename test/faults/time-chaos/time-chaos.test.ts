import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { probeMachine } from '../../../src/faults/machine.ts';
import type { TargetHandle } from '../../../src/faults/targets/target.ts';
import { type TimeChaosSpec, timeChaosSchema } from '../../../src/faults/time-chaos/spec.ts';
import { timeChaos } from '../../../src/faults/time-chaos/time-chaos.ts';
import { describeWith } from '../../support/requires.ts';
import { cleanup, exampleLease, ownOwner, temporaryFolder, until } from '../leases/support.ts';
import { identity, startTarget } from '../targets/support.ts';

const driver = timeChaos.drivers[0]!;
const awaited: TargetHandle = {
  ...identity,
  type: 'process',
  started: true,
  describe: async () => 'awaited',
  processes: async () => [],
};

/** Prints how far its clock is from what it was at the start, beside a clock that nobody moves. */
const program = `
const wall = Date.now(), steady = performance.now();
setInterval(() => console.log('ahead', Math.round(Date.now() - wall - (performance.now() - steady)), Math.round(performance.now() - steady)), 20)`;

const command = [process.execPath, '-e', program];

async function request(
  spec: unknown,
  changes: { declared?: unknown; target?: TargetHandle } = {},
): Promise<FaultRequest<TimeChaosSpec>> {
  return {
    name: 'time-chaos',
    kind: 'TimeChaos',
    spec: timeChaosSchema.parse(spec),
    durationMs: 20_000,
    target: changes.target ?? awaited,
    declared: (changes.declared ?? {
      type: 'command',
      command,
      env: {},
      folder: '/',
    }) as FaultRequest['declared'],
    machine: await probeMachine(),
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
  };
}

async function startUnder(spec: unknown) {
  const asked = await request(spec);
  expect(await driver.probe(asked)).toEqual({ usable: true });
  const prepared = await driver.prepare!(asked);
  cleanup(() => prepared.close());
  const { target, logFile } = await startTarget(command, {}, { launches: [prepared.launch] });
  const running = { ...asked, target };
  const steps: UndoStep[] = [...(await driver.undoSteps(running))];
  const inject = async () => {
    const fault = await driver.inject(running, prepared, async (added) => void steps.push(...added));
    cleanup(() => fault.undo());
    return fault;
  };
  /** The next two numbers that the program says. */
  const shown = async () => {
    const from = readFileSync(logFile, 'utf8').length;
    const lines = () => readFileSync(logFile, 'utf8').slice(from).split('\n').slice(1, -1);
    await until(() => lines().length > 0, 5000, 'a line');
    const [, ahead, steady] = lines().at(-1)!.split(' ').map(Number);
    return { ahead: ahead!, steady: steady! };
  };
  return { target, steps, inject, shown, prepared };
}

describe('TimeChaos in Chaos Mesh fields', () => {
  it('takes an offset with a sign, clocks, and a rate of its own', () => {
    expect(timeChaosSchema.parse({ timeOffset: '-10m100ns' })).toEqual({
      offsetMs: -600_000 - 0.0001,
      rate: 1,
      clockIds: ['CLOCK_REALTIME'],
    });
    expect(timeChaosSchema.parse({ rate: 1.5 })).toMatchObject({ offsetMs: 0, rate: 1.5 });
    for (const spec of [
      {},
      { timeOffset: '5 parsecs' },
      { timeOffset: '1m', clockIds: ['CLOCK'] },
      { rate: -1 },
    ])
      expect(timeChaosSchema.safeParse(spec).success, JSON.stringify(spec)).toBe(false);
  });
});

describeWith(['faketime'], 'TimeChaos on a process that we start', () => {
  it('moves its clock back, leaves its timers alone, and gives the time back', async () => {
    const { inject, shown, steps, target, prepared } = await startUnder({ timeOffset: '-5m30s' });
    expect(Math.abs((await shown()).ahead)).toBeLessThan(2000);
    const fault = await inject();
    const during = await shown();
    expect(during.ahead).toBeGreaterThan(-332_000);
    expect(during.ahead).toBeLessThan(-328_000);
    expect(during.steady).toBeLessThan(60_000);
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBe(1);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(Math.abs((await shown()).ahead)).toBeLessThan(2000);
    expect(await fault.missing()).toMatch(/is ahead by \S*s, not by -5m30s$/);
    const memory = steps.flatMap((step) => (step.type === 'remove' ? [step.path] : [])).slice(1);
    expect(memory.some((path) => existsSync(path))).toBe(true);
    await target.end(0);
    await prepared.close();
    expect(memory.filter((path) => existsSync(path))).toEqual([]);
  });

  it('moves monotonic clocks too where they are asked for', async () => {
    const { inject, shown } = await startUnder({
      timeOffset: '1h',
      clockIds: ['CLOCK_REALTIME', 'CLOCK_MONOTONIC'],
    });
    await inject();
    const during = await shown();
    expect(during.steady).toBeGreaterThan(3_598_000);
    expect(Math.abs(during.ahead)).toBeLessThan(2000);
  });

  it('lets a clock run fast from the injection on, without a jump', async () => {
    const { inject, shown } = await startUnder({ rate: 11 });
    const fault = await inject();
    const first = await shown();
    expect(first.ahead).toBeLessThan(10_000);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const later = await shown();
    const gained = (later.ahead - first.ahead) / (later.steady - first.steady);
    expect(gained).toBeGreaterThan(7);
    expect(gained).toBeLessThan(13);
    await fault.undo();
    expect(Math.abs((await shown()).ahead)).toBeLessThan(2000);
  });

  it('shows the true time again when its lease is undone by somebody else', async () => {
    const { inject, shown, steps } = await startUnder({ timeOffset: '10m' });
    await inject();
    expect((await shown()).ahead).toBeGreaterThan(598_000);
    const lease = exampleLease({ owner: ownOwner(), undo: steps });
    const context = { clock: systemClock, graceMs: 0, boot: systemBoot };
    expect(await undoLease(lease, context)).toMatchObject({ undone: true });
    expect(await undoLease(lease, context)).toMatchObject({ undone: true });
    expect(Math.abs((await shown()).ahead)).toBeLessThan(2000);
  });

  it('refuses programs and clocks that it cannot reach', async () => {
    const refusal = async (spec: object, declared?: unknown) => {
      const answer = await driver.probe(await request({ timeOffset: '1m', ...spec }, { declared }));
      return answer.usable ? 'usable' : answer.reason;
    };
    const folder = temporaryFolder();
    const static64 = Buffer.alloc(4096);
    // An ELF header with one program header that loads (type 1), and no interpreter.
    static64.write('\x7fELF\x02\x01', 'latin1');
    static64.writeBigUInt64LE(64n, 32);
    static64.writeUInt16LE(56, 54);
    static64.writeUInt16LE(1, 56);
    static64.writeUInt32LE(1, 64);
    writeFileSync(join(folder, 'static'), static64, { mode: 0o755 });
    writeFileSync(join(folder, 'script'), '#!/usr/bin/env node\n', { mode: 0o755 });
    const run = (...words: string[]) => ({ type: 'command', command: words, env: {}, folder });
    expect(await refusal({}, run('./static'))).toBe(`${folder}/static is linked statically`);
    expect(await refusal({}, run('./script'))).toBe('usable');
    expect(await refusal({}, run('prometheus'))).toMatch(
      /linked statically|written in Go|^prometheus cannot be read/,
    );
    expect(await refusal({}, { type: 'pid', pid: 1 })).toMatch(/^the target runs already/);
    expect(await refusal({ clockIds: ['CLOCK_MONOTONIC'] })).toMatch(
      /cannot change CLOCK_MONOTONIC and leave/,
    );
    expect(await refusal({ clockIds: ['CLOCK_PROCESS_CPUTIME_ID'] })).toMatch(
      /leaves CLOCK_PROCESS_CPUTIME_ID alone/,
    );
    expect(readdirSync('/tmp').filter((name) => name.startsWith(`firedrill-trial-${process.pid}-`))).toEqual(
      [],
    );
  });
});
