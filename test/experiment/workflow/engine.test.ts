// Workflows on virtual time: what is begun when, and what ends it.

import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { runWorkflow, type WorkflowHooks } from '../../../src/experiment/workflow/engine.ts';
import type { TaskOutcome } from '../../../src/experiment/workflow/expression.ts';
import { longest } from '../../../src/experiment/workflow/length.ts';
import type { WorkflowNode } from '../../../src/experiment/workflow/model.ts';

type Node = WorkflowNode;

const fault = (name: string, seconds: number | undefined, deadline = seconds): Node => ({
  name,
  type: 'Fault',
  fault: name,
  kind: 'PodChaos',
  durationMs: seconds === undefined ? undefined : seconds * 1000,
  deadlineMs: deadline === undefined ? undefined : deadline * 1000,
});
const suspend = (name: string, seconds: number): Node => ({
  name,
  type: 'Suspend',
  deadlineMs: seconds * 1000,
});
const group = (type: 'Serial' | 'Parallel', name: string, children: string[], seconds?: number): Node => ({
  name,
  type,
  children,
  deadlineMs: seconds === undefined ? undefined : seconds * 1000,
});
const task = (name: string, branches: [string, string][]): Node => ({
  name,
  type: 'Task',
  command: ['true'],
  env: {},
  folder: undefined,
  deadlineMs: undefined,
  branches: branches.map(([expression, target]) => ({ expression, target })),
});

interface Played {
  readonly told: readonly string[];
  readonly aborted: readonly string[];
  readonly endedAfterS: number;
}

/** `codes` are the answers to a status check, one after the other; the last one stays. */
async function play(
  nodes: readonly Node[],
  more: {
    readonly outcome?: TaskOutcome;
    readonly codes?: readonly (number | undefined)[];
    readonly failing?: string;
    readonly stopAfterS?: number;
  } = {},
): Promise<Played> {
  const clock = new VirtualClock(0);
  const stop = new AbortController();
  const told: string[] = [];
  const aborted: string[] = [];
  const tell = (text: string) => told.push(`${clock.now() / 1000} ${text}`);
  let asked = 0;
  const hooks: WorkflowHooks = {
    fault: async (node, until) => {
      if (node.fault === more.failing) return false;
      tell(`+${node.fault}`);
      await clock.sleep(node.durationMs ?? 0, until);
      tell(`-${node.fault}`);
      return true;
    },
    task: async () => more.outcome ?? { exitCode: 0, stdout: '' },
    request: async () => more.codes?.[Math.min(asked++, more.codes.length - 1)],
    abort: (reason) => {
      aborted.push(reason);
      stop.abort();
    },
    onNode: (node, _type, state, detail) => {
      if (state !== 'started') tell(`${node} ${state}${detail === undefined ? '' : `: ${detail}`}`);
    },
  };
  let endedAfterS = -1;
  const running = runWorkflow(
    { name: 'w', entry: nodes[0]!.name, nodes, lengthMs: undefined },
    hooks,
    clock,
    {
      until: stop.signal,
      stop: stop.signal,
    },
  ).then(() => {
    endedAfterS = clock.now() / 1000;
  });
  if (more.stopAfterS !== undefined) void clock.sleep(more.stopAfterS * 1000).then(() => stop.abort());
  // Second by second, so that what has just been decided is heard before the time goes on.
  for (let second = 0; second < 700; second++) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(1000);
  }
  stop.abort();
  await running;
  return { told, aborted, endedAfterS };
}

describe('a workflow', () => {
  it('goes through a series one by one', async () => {
    const { told, endedAfterS } = await play([
      group('Serial', 'all', ['one', 'rest', 'two']),
      fault('one', 20),
      suspend('rest', 10),
      fault('two', 5),
    ]);
    expect(told).toEqual([
      '0 +one',
      '20 -one',
      '20 one accomplished',
      '30 rest accomplished',
      '30 +two',
      '35 -two',
      '35 two accomplished',
      '35 all accomplished',
    ]);
    expect(endedAfterS).toBe(35);
  });

  it('does things at once, and waits for the last of them', async () => {
    const { told, endedAfterS } = await play([
      group('Parallel', 'all', ['a', 'b']),
      fault('a', 3),
      fault('b', 7),
    ]);
    expect(told.slice(0, 2)).toEqual(['0 +a', '0 +b']);
    expect(endedAfterS).toBe(7);
  });

  it('ends what is inside by its own deadline, and begins nothing more', async () => {
    const { told } = await play([
      group('Serial', 'all', ['a', 'b', 'c'], 12),
      fault('a', 10),
      fault('b', 10),
      fault('c', 10),
    ]);
    expect(told).toEqual([
      '0 +a',
      '10 -a',
      '10 a accomplished',
      '10 +b',
      '12 -b',
      '12 b accomplished',
      '12 all deadline',
    ]);
  });

  it('waits for the deadline of a fault that acts once, as on a cluster', async () => {
    const { told } = await play([
      group('Serial', 'all', ['kill', 'after']),
      fault('kill', undefined, 8),
      fault('after', 1),
    ]);
    expect(told).toEqual(expect.arrayContaining(['0 +kill', '0 -kill', '8 kill accomplished', '8 +after']));
  });

  it('goes on with every branch whose condition holds', async () => {
    const branches: [string, string][] = [
      ['exitCode == 0', 'never'],
      ['stdout == "x"', 'a'],
      ['exitCode == 4', 'b'],
    ];
    const { told } = await play([task('choose', branches), fault('never', 1), fault('a', 1), fault('b', 1)], {
      outcome: { exitCode: 4, stdout: 'x' },
    });
    expect(told).toEqual([
      '0 choose decided: exit code 4, goes on with a, b',
      '0 +a',
      '0 +b',
      '1 -a',
      '1 a accomplished',
      '1 -b',
      '1 b accomplished',
      '1 choose accomplished',
    ]);
  });

  it('repeats a fault by a schedule until the deadline', async () => {
    const { told } = await play([
      {
        name: 'often',
        type: 'Schedule',
        cron: '@every 10s',
        allowsOverlap: false,
        startingDeadlineMs: undefined,
        run: 'run',
        deadlineMs: 35_000,
      },
      fault('run', 2, undefined),
    ]);
    expect(told.filter((each) => each.includes('+'))).toEqual(['10 +run', '20 +run', '30 +run']);
    expect(told.at(-1)).toBe('35 often deadline');
  });

  it('takes back at once what is in place when the run is stopped', async () => {
    const { told, endedAfterS } = await play(
      [group('Serial', 'all', ['a', 'b']), fault('a', 20), fault('b', 20)],
      {
        stopAfterS: 3,
      },
    );
    expect(told).toEqual(['0 +a', '3 -a', '3 a stopped', '3 all stopped']);
    expect(endedAfterS).toBe(3);
  });

  it('says which fault could not be put in place', async () => {
    const { told } = await play([fault('a', 2)], { failing: 'a' });
    expect(told).toEqual(['0 a failed']);
  });
});

describe('a status check', () => {
  const check = (more: object, abort = false, deadlineMs?: number): Node => ({
    name: 'check',
    type: 'StatusCheck',
    abort,
    deadlineMs,
    check: {
      mode: 'Synchronous',
      durationMs: undefined,
      timeoutMs: 1000,
      intervalMs: 10_000,
      failureThreshold: 3,
      successThreshold: 2,
      url: 'http://127.0.0.1/',
      method: 'GET',
      headers: {},
      body: undefined,
      status: { from: 200, to: 299 },
      ...more,
    },
  });

  it('succeeds after as many good answers in a row as it asks for', async () => {
    const { told } = await play([check({})], { codes: [200, 500, 204, 200] });
    expect(told).toEqual(['30 check decided: status 200, 2 times in a row', '30 check accomplished']);
  });

  it('fails after as many bad ones in a row', async () => {
    const { told, aborted } = await play([check({})], { codes: [undefined, 503, 404] });
    expect(told).toEqual(['20 check decided: status 404, 3 times in a row', '20 check failed']);
    expect(aborted).toEqual([]);
  });

  it('goes on while all is well when it is continuous, and aborts the run when it is not', async () => {
    const nodes = [
      group('Parallel', 'all', ['check', 'fault']),
      check({ mode: 'Continuous' }, true),
      fault('fault', 600),
    ];
    const { told, aborted } = await play(nodes, { codes: [200, 200, 200, undefined] });
    expect(aborted).toEqual(['status check check: no answer, 3 times in a row']);
    expect(told).toContain('50 -fault');
  });

  it('ends with its duration, and with a deadline around it', async () => {
    const over = await play([check({ mode: 'Continuous', durationMs: 25_000 })], { codes: [200] });
    expect(over.told).toEqual(['25 check decided: status 200 when 25s were over', '25 check accomplished']);
    const late = await play([check({ mode: 'Continuous' }, false, 15_000)], { codes: [200] });
    expect(late.told).toEqual(['15 check deadline']);
  });
});

describe('the longest that a workflow takes', () => {
  it.each<[string, Node[], number | undefined]>([
    ['a series', [group('Serial', 'all', ['a', 'b']), fault('a', 2), suspend('b', 3)], 5000],
    ['things at once', [group('Parallel', 'all', ['a', 'b']), fault('a', 2), suspend('b', 3)], 3000],
    ['a deadline around them', [group('Serial', 'all', ['a'], 1), fault('a', 2)], 1000],
    ['nothing bounds a task', [task('t', [])], undefined],
    ['but what is around it', [group('Serial', 'all', ['t'], 9), task('t', [])], 9000],
  ])('%s', (_, nodes, expected) => {
    expect(longest(nodes[0]!.name, nodes)).toBe(expected);
  });
});
