import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import {
  createStressChaos,
  type StressChaosSpec,
  stressChaosSchema,
} from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { readStressNgWords } from '../../../src/faults/stress-chaos/stress-ng-words.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { commandLine } from '../../../src/faults/targets/process/proc.ts';
import { describeWith } from '../../support/requires.ts';
import { cleanup, markedPids, startSleeper, temporaryFolder, until } from '../leases/support.ts';
import { identity, noGuard } from '../targets/support.ts';

const kind = createStressChaos([]);
const driver = (name: string) => kind.drivers.find((candidate) => candidate.name === name)!;

function request(spec: object): FaultRequest<StressChaosSpec> {
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
    spec: stressChaosSchema.parse(spec),
  };
}

async function inject(spec: object) {
  const asked = request(spec);
  const steps: UndoStep[] = [];
  expect(await driver('stress-ng').probe(asked)).toEqual({ usable: true });
  steps.push(...(await driver('stress-ng').undoSteps(asked)));
  const mark = steps[0]!.type === 'end-marked' ? steps[0]!.mark : '';
  const fault = await driver('stress-ng').inject(asked, undefined, async (more) => void steps.push(...more));
  cleanup(() => fault.undo());
  return { fault, mark };
}

const mistake = (text: string) => {
  const read = readStressNgWords(text);
  return 'mistake' in read ? read.mistake : 'none';
};

describe('stressngStressors', () => {
  it('takes stressors with their options, by long and short names, and bounds their memory', () => {
    expect(readStressNgWords('--clone 2 --clone-max=16')).toEqual({
      words: ['--clone', '2', '--clone-max', '16'],
      memory: undefined,
    });
    expect(readStressNgWords(' -c 1 -l 50')).toEqual({ mistake: '"-l" is no option' });
    expect(readStressNgWords('-c 1 --cpu-load 50 --vm 1 --vm-keep')).toEqual({
      words: ['--cpu', '1', '--cpu-load', '50', '--vm', '1', '--vm-keep'],
      memory: '256MB',
    });
    expect(readStressNgWords('--vm 2 --vm-bytes 1G')).toMatchObject({ memory: '1G' });
    expect(
      stressChaosSchema.parse({ stressngStressors: '--pipe 1', stressors: { cpu: { workers: 1 } } }),
    ).toMatchObject({ stressors: {}, words: { words: ['--pipe', '1'] } });
  });

  it('refuses what acts on more than what programs share, with the reason', () => {
    expect(mistake('--cpu-online 1')).toMatch(/not let through: it acts on the machine/);
    expect(mistake('--watchdog 1')).toMatch(/it acts on the machine/);
    expect(mistake('--bigheap 1')).toMatch(/memory of the whole machine/);
    expect(mistake('--cpu 1 --timeout 1h')).toMatch(/Firedrill sets how stress-ng runs/);
    expect(mistake('--all 2')).toMatch(/lets stress-ng choose/);
    expect(mistake('--cpu 1 --temp-path /etc')).toMatch(/^--temp-path is not let through/);
    expect(mistake('--cpu 1 --hdd-opts a;b')).toMatch(/no option|no plain value/);
    expect(mistake('--cpu many')).toBe('--cpu needs a number of workers, at most 8192');
    expect(mistake('--cpu 9000')).toBe('--cpu needs a number of workers, at most 8192');
    expect(mistake('--vm 1 --vm-bytes lots')).toBe('--vm-bytes lots is no size');
    expect(mistake('--cpu-load 50')).toBe('no stressor is given');
    expect(mistake('')).toBe('no stressor is given');
    const issues = stressChaosSchema.safeParse({ stressngStressors: '--reboot 1' }).error!.issues;
    expect(issues).toMatchObject([{ path: ['stressngStressors'] }]);
    expect(stressChaosSchema.safeParse({ stressngStressors: '--cpu 1', limits: { cpu: 5 } }).success).toBe(
      false,
    );
  });

  it('asks the machine before it takes memory or process ids', async () => {
    const refusal = async (name: string, spec: object) => {
      const answer = await driver(name).probe(request(spec));
      return answer.usable ? 'usable' : answer.reason;
    };
    expect(await refusal('stress-ng', { stressngStressors: '--vm 1 --vm-bytes 900T' })).toMatch(
      /of memory are asked for/,
    );
    expect(await refusal('stress-ng', { stressors: { pids: { workers: 8000, count: 100_000 } } })).toMatch(
      /^800000000 processes are asked for/,
    );
    expect(await refusal('own-workers', { stressngStressors: '--cpu 1' })).toMatch(
      /processor time and memory only/,
    );
  });
});

describeWith(['stress-ng', 'setpriv'], 'StressChaos by stress-ng', () => {
  it('runs what the file says in its words, counts it, and leaves nothing', async () => {
    const { fault, mark } = await inject({ stressngStressors: '--matrix 1 --matrix-size 64' });
    expect(markedPids(mark).some((pid) => commandLine(pid).includes('--matrix 1'))).toBe(true);
    await until(() => fault.hits()! >= 1, 10_000, 'a CPU second');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(markedPids(mark)).toEqual([]);
  });

  it('takes process ids and descriptors, and gives them back', async () => {
    const { fault, mark } = await inject({
      stressors: { pids: { workers: 1, count: 300 }, files: { workers: 1, count: 400 } },
    });
    const zombies = () => {
      const parents = new Set(markedPids(mark));
      return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isZombieOf(entry, parents)).length;
    };
    await until(() => zombies() > 100, 20_000, 'processes that have ended');
    const descriptors = () =>
      Math.max(
        ...markedPids(mark).map((pid) => {
          try {
            return readdirSync(`/proc/${pid}/fd`).length;
          } catch {
            return 0;
          }
        }),
      );
    await until(() => descriptors() > 100, 20_000, 'open files');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect([markedPids(mark), zombies()]).toEqual([[], 0]);
  });
});

function isZombieOf(pid: string, parents: ReadonlySet<number>): boolean {
  try {
    const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))!;
    return state === 'Z' && parents.has(Number(parent));
  } catch {
    return false;
  }
}
