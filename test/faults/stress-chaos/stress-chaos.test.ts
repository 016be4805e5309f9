import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultDriver, FaultRequest } from '../../../src/faults/fault.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { formatBytes, parseSize } from '../../../src/faults/stress-chaos/size.ts';
import {
  createStressChaos,
  type StressChaosSpec,
  stressChaosSchema,
} from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { describeWith, root } from '../../support/requires.ts';
import {
  bundled,
  cleanup,
  markedPids,
  sleep,
  start,
  startSleeper,
  temporaryFolder,
  until,
} from '../leases/support.ts';
import { identity, noGuard } from '../targets/support.ts';

const workerCommand = await bundled('src/faults/stress-chaos/stress-worker.ts');
const kind = createStressChaos(workerCommand);
const driver = (name: string) => kind.drivers.find((candidate) => candidate.name === name)!;
const megabyte = 1024 ** 2;

function request(stressors: unknown, changes: Partial<FaultRequest> = {}): FaultRequest<StressChaosSpec> {
  return {
    name: 'stress-chaos',
    kind: 'StressChaos',
    durationMs: 20_000,
    target: pidTarget(identity, startSleeper().id.pid, noGuard),
    declared: { type: 'pid', pid: 1 },
    machine: { uid: 0, canMount: false, canUserNamespace: false, stressNg: '/usr/bin/stress-ng' },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
    ...changes,
    spec: stressChaosSchema.parse({ stressors }),
  };
}

async function inject(chosen: FaultDriver<StressChaosSpec>, asked: FaultRequest<StressChaosSpec>) {
  const steps: UndoStep[] = [];
  expect(await chosen.probe(asked)).toEqual({ usable: true });
  steps.push(...(await chosen.undoSteps(asked)));
  const mark = steps[0]!.type === 'end-marked' ? steps[0]!.mark : '';
  const fault = await chosen.inject(asked, undefined, async (added) => void steps.push(...added));
  cleanup(() => fault.undo());
  return { fault, steps, mark };
}

describe('StressChaos in Chaos Mesh fields', () => {
  it('takes stressors and refuses what means nothing', () => {
    const refused = (stressors: unknown) => !stressChaosSchema.safeParse({ stressors }).success;
    expect(stressChaosSchema.parse({ stressors: { cpu: { workers: 2 } } })).toMatchObject({
      stressors: { cpu: { workers: 2, load: 100, options: [] } },
    });
    // Chaos Mesh's own examples write an option and its value as one text.
    expect(
      stressChaosSchema.parse({ stressors: { cpu: { workers: 1, options: ['--cpu 2', '-v'] } } }),
    ).toMatchObject({
      stressors: { cpu: { options: ['--cpu', '2', '-v'] } },
    });
    expect(refused({ memory: { workers: 1, size: '1MB', oomScoreAdj: 1001 } })).toBe(true);
    expect(refused({})).toBe(true);
    expect(refused({ cpu: { workers: 0 } })).toBe(true);
    expect(refused({ cpu: { workers: 1, load: 101 } })).toBe(true);
    expect(refused({ memory: { workers: 1 } })).toBe(true);
    for (const size of ['lots', '0', '-1MB', '101%', '5 miles', ''])
      expect(refused({ memory: { workers: 1, size } }), size).toBe(true);
  });

  it('reads sizes', () => {
    expect(parseSize('256MB')).toEqual({ bytes: 256 * megabyte });
    expect(parseSize('256MiB')).toEqual({ bytes: 256 * megabyte });
    expect(parseSize('1.5g')).toEqual({ bytes: 1536 * megabyte });
    expect(parseSize('4096')).toEqual({ bytes: 4096 });
    expect(parseSize('100B')).toEqual({ bytes: 100 });
    expect(parseSize('10%')).toEqual({ share: 0.1 });
    expect(formatBytes(256 * megabyte)).toBe('256 MiB');
    expect(formatBytes(1536 * megabyte)).toBe('1.5 GiB');
    expect(formatBytes(12)).toBe('12 B');
  });
});

// The same for both drivers; stress-ng only where it is installed.
for (const [name, needs] of [
  ['own-workers', []],
  ['stress-ng', ['stress-ng', 'setpriv']],
] as const) {
  describeWith(needs, `the driver ${name}`, () => {
    it('uses the processor, counts it, and stops at the undo', async () => {
      const { fault, steps, mark } = await inject(driver(name), request({ cpu: { workers: 2, load: 60 } }));
      expect(await fault.missing()).toBeUndefined();
      expect(steps.map((step) => step.type)).toContain('end-tree');
      expect(fault.hits()).toBe(0);
      await until(() => fault.hits()! >= 1, 10_000, 'a CPU second');
      expect(markedPids(mark).length).toBeGreaterThanOrEqual(1);
      await fault.undo();
      expect(markedPids(mark)).toEqual([]);
      expect(await fault.verifyUndone()).toEqual({ undone: true, evidence: 'no stress worker is left' });
      const hits = fault.hits();
      await sleep(100);
      expect(fault.hits()).toBe(hits);
      expect(await fault.missing()).toMatch(/^stress workers have ended/);
      await fault.undo();
    });

    it('holds memory, counts it, and gives it back', async () => {
      const { fault, mark } = await inject(driver(name), request({ memory: { workers: 2, size: '120MB' } }));
      expect(await fault.missing()).toBeUndefined();
      expect(fault.hits()).toBeGreaterThanOrEqual(108);
      // Not per worker.
      expect(fault.hits()).toBeLessThan(220);
      await fault.undo();
      expect(markedPids(mark)).toEqual([]);
    });

    it('ends by itself a little after its duration', async () => {
      const { fault, mark } = await inject(
        driver(name),
        request({ cpu: { workers: 1, load: 10 } }, { durationMs: 500 }),
      );
      await until(() => markedPids(mark).length === 0, 12_000, 'its end');
      expect(await fault.missing()).toMatch(/^stress workers have ended/);
    });

    it('ends when the one who started it is killed', async () => {
      const program = await bundled('test/faults/stress-chaos/stress-program.ts');
      const folder = temporaryFolder();
      const runner = start([...program, name, folder, JSON.stringify(workerCommand)]);
      await until(() => runner.output().includes('in place'), 10_000);
      const mark = `stress:${folder}`;
      expect(markedPids(mark).length).toBeGreaterThanOrEqual(1);
      process.kill(runner.id.pid, 'SIGKILL');
      expect(await until(() => markedPids(mark).length === 0, 3000, 'no worker')).toBeLessThan(1500);
    });

    it('refuses more memory than the machine can bear', async () => {
      const refusal = await driver(name).probe(request({ memory: { workers: 1, size: '900GB' } }));
      expect(refusal).toMatchObject({
        usable: false,
        reason: expect.stringMatching(
          /^900 GiB of memory are asked for, and .* are available on the whole machine$/,
        ),
      });
    });
  });
}

describe('the drivers', () => {
  const stressors = { cpu: { workers: 1, options: ['--cpu-method', 'fft'] } };

  it('say what would let them work', async () => {
    const machine = { uid: 0, canMount: false, canUserNamespace: false, stressNg: undefined };
    expect(await driver('stress-ng').probe(request({ cpu: { workers: 1 } }, { machine }))).toEqual({
      usable: false,
      reason: 'stress-ng is not installed',
      remedy: 'install the package stress-ng',
    });
    expect(await driver('own-workers').probe(request(stressors))).toMatchObject({ usable: false });
    expect(await driver('own-workers').probe(request({ cpu: { workers: 33 } }))).toMatchObject({
      usable: false,
    });
  });

  it('tell the plan what a hit is', () => {
    const cpu = driver('own-workers').plan(request({ cpu: { workers: 2, load: 50 } }));
    expect(cpu.what).toBe('stresses app: 2 workers at 50 % of a processor');
    expect(cpu.hits).toBe('CPU seconds used by the workers');
    const memory = driver('stress-ng').plan(request({ memory: { workers: 1, size: '10%' } }));
    expect(memory.what).toBe('stresses app: 10% of memory in 1 workers');
    expect(memory.hits).toBe('MB of memory held by the workers');
  });
});

describeWith(['stress-ng', 'setpriv'], 'stress on the disk and on sockets', () => {
  it('works, and is counted in CPU seconds', async () => {
    const asked = request({ io: { workers: 1, size: '4MB' }, sockets: { workers: 1 } });
    expect(driver('stress-ng').plan(asked).what).toBe(
      'stresses app: 4MB written and synced by each of 1 workers, 1 workers that open and close sockets',
    );
    const { fault, mark } = await inject(driver('stress-ng'), asked);
    await until(() => readdirSync(asked.scratchFolder).length > 1, 5000, 'its files');
    await until(() => fault.hits()! >= 1, 15_000, 'a CPU second');
    await fault.undo();
    expect(markedPids(mark)).toEqual([]);
    expect(await driver('own-workers').probe(asked)).toMatchObject({ usable: false });
  });
});

describeWith(['stress-ng', 'setpriv'], 'options of stress-ng', () => {
  it('are passed on, but do not change its end', async () => {
    const stressors = { cpu: { workers: 1, load: 5, options: ['--cpu-method', 'fft', '--timeout', '600s'] } };
    const { mark } = await inject(driver('stress-ng'), request(stressors, { durationMs: 500 }));
    const commands = markedPids(mark).map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    expect(commands.join()).toContain('--cpu-method\0fft');
    await until(() => markedPids(mark).length === 0, 12_000, 'its end');
  });
});

const memoryGroups = '/sys/fs/cgroup/memory';

describeWith([root], 'a target in control groups of its own', () => {
  it.runIf(existsSync(`${memoryGroups}/cgroup.procs`))(
    'is joined there, and its limit is what a share is of',
    async () => {
      const group = `${memoryGroups}/firedrill-test-${process.pid}`;
      mkdirSync(group);
      const members = () =>
        readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
      cleanup(async () => {
        await until(() => members().length === 0, 3000, 'an empty group');
        rmdirSync(group);
      });
      writeFileSync(`${group}/memory.limit_in_bytes`, String(400 * megabyte));
      const sleeper = startSleeper();
      writeFileSync(`${group}/cgroup.procs`, String(sleeper.id.pid));
      const target = pidTarget(identity, sleeper.id.pid, noGuard);
      const { fault, mark } = await inject(
        driver('own-workers'),
        request({ memory: { workers: 1, size: '25%' } }, { target }),
      );
      for (const pid of markedPids(mark)) expect(members()).toContain(pid);
      expect(fault.hits()).toBeGreaterThanOrEqual(90);
      expect(fault.hits()).toBeLessThan(180);
      await fault.undo();
    },
  );
});

describeWith(['stress-ng'], 'the score of a worker when memory runs out', () => {
  const asking = (oomScoreAdj: number) =>
    request({ memory: { workers: 1, size: '16MB', oomScoreAdj } }, { durationMs: 10_000 });

  it('is that of the file on every worker', async () => {
    const { mark } = await inject(driver('stress-ng'), asking(777));
    const scores = markedPids(mark).map((pid) => readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim());
    expect(scores.length).toBeGreaterThan(0);
    expect(new Set(scores)).toEqual(new Set(['777']));
  });

  it('is refused before anything starts where the right to lower it is missing', async () => {
    const before = readFileSync('/proc/self/oom_score_adj', 'utf8');
    const usability = await driver('stress-ng').probe(asking(-1000));
    if (!usability.usable) expect(usability.remedy).toContain('CAP_SYS_RESOURCE');
    expect(readFileSync('/proc/self/oom_score_adj', 'utf8')).toBe(before);
  });
});
