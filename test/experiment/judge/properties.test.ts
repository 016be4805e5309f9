// What must hold for any run, however it ended and whatever else happened in it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../../src/experiment/judge/exit-code.ts';
import { judge } from '../../../src/experiment/judge/judge.ts';
import type { TimelineEvent } from '../../../src/experiment/timeline.ts';
import type { Judgement, Verdict } from '../../../src/experiment/verdict.ts';
import { readRows } from './truth-table/rows.ts';
import { type Scenario, scenarioOf } from './truth-table/scenario.ts';
import { zero } from './truth-table/story.ts';

const scenarios = readRows().map((row) => scenarioOf(row.story));
const scenario = fc.constantFrom(...scenarios);
const runMs = 95_000;

function judged({ experiment, recording }: Scenario, timeline: readonly TimelineEvent[]): Verdict {
  return judge(experiment, timeline, recording);
}

/** Some of the events, from the beginning, with gaps: what a killed run or a torn file leaves. */
const remains = fc
  .tuple(scenario, fc.nat(60), fc.array(fc.nat(60), { maxLength: 10 }))
  .map(([run, length, dropped]) => ({
    run,
    timeline: run.timeline.slice(0, length).filter((_, index) => !dropped.includes(index)),
  }));

/** Events that say nothing of the fault, the objectives or the listed alerts. */
const unrelated: fc.Arbitrary<TimelineEvent> = fc
  .tuple(
    fc.nat(runMs),
    fc.constantFrom('warning', 'firing', 'pending', 'resolved', 'captured', 'failed', 'suppressed', 'hits'),
  )
  .map(([offset, kind]) => {
    const at = zero + offset;
    const labels = { alertname: 'Unrelated', job: 'other', severity: 'page' };
    const ref = { alert: 'Unrelated', labels, rule: { group: 'other', file: '/other.yaml' } };
    const notification = {
      receiver: 'oncall',
      integration: 'webhook',
      groupKey: '{}',
      groupLabels: {},
      status: 'firing' as const,
      alerts: [{ status: 'firing' as const, labels }],
    };
    const active = { activeAt: at, value: 1, annotations: {} };
    switch (kind) {
      case 'firing':
        return { at, type: 'alert.firing', ...ref, ...active };
      case 'pending':
        return { at, type: 'alert.pending', ...ref, ...active };
      case 'resolved':
        return { at, type: 'alert.resolved', ...ref, value: 0 };
      case 'captured':
        return { at, type: 'notification.captured', ...notification, file: 'x.json' };
      case 'failed':
        return { at, type: 'notification.failed', ...notification, reason: 'HTTP 500', attempts: 1 };
      case 'suppressed':
        return {
          at,
          type: 'alert.suppressed',
          ...ref,
          reason: 'silenced',
          by: 'somebody',
          receiver: 'oncall',
        };
      case 'hits':
        return { at, type: 'fault.hits', fault: 'another', hits: 100 };
      default:
        return { at, type: 'warning', message: 'the disk is nearly full' };
    }
  });

function judgementsOf(verdict: Verdict): Judgement[] {
  return [...verdict.objectives, ...verdict.alerts, ...verdict.faults].map((item) => item.judgement);
}

describe('judging any run', () => {
  test('never throws on what is left of a timeline, and says something', () => {
    fc.assert(
      fc.property(remains, ({ run, timeline }) => {
        const verdict = judged(run, timeline);
        expect(verdict.sentence).toMatch(/\S.*\.$/);
        for (const item of [...verdict.objectives, ...verdict.alerts, ...verdict.faults]) {
          expect(item.reason).toMatch(/^\S.*\S\.$/s);
          expect(item.reason).not.toMatch(/undefined|null|NaN|Infinity/);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('a run without its end is never a pass', () => {
    fc.assert(
      fc.property(remains, ({ run, timeline }) => {
        const verdict = judged(
          run,
          timeline.filter((event) => event.type !== 'run.ended'),
        );
        expect(verdict.verdict).toBe('error');
        expect([5, 6]).toContain(exitCodeOf(verdict, { gate: 'both' }));
      }),
      { numRuns: 200 },
    );
  });

  test('gives the same verdict again, and through JSON', () => {
    fc.assert(
      fc.property(remains, ({ run, timeline }) => {
        const verdict = judged(run, timeline);
        const read = JSON.parse(JSON.stringify(timeline)) as TimelineEvent[];
        expect(judged(run, read)).toEqual(verdict);
        expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
      }),
      { numRuns: 200 },
    );
  });

  test('does not depend on the order in which events were written', () => {
    const shuffled = scenario.chain((run) =>
      fc
        .shuffledSubarray([...run.timeline], { minLength: run.timeline.length })
        .map((timeline) => ({ run, timeline })),
    );
    fc.assert(
      fc.property(shuffled, ({ run, timeline }) => {
        expect(judged(run, timeline)).toEqual(judged(run, run.timeline));
      }),
      { numRuns: 200 },
    );
  });

  test('an unrelated event never turns wrong into right', () => {
    fc.assert(
      fc.property(scenario, fc.array(unrelated, { minLength: 1, maxLength: 8 }), (run, events) => {
        const before = judged(run, run.timeline);
        const after = judged(run, [...run.timeline, ...events]);
        const now = judgementsOf(after);
        judgementsOf(before).forEach((judgement, index) => {
          if (judgement === 'wrong') expect(now[index]).not.toBe('right');
          if (judgement === 'inconclusive') expect(now[index]).not.toBe('right');
        });
        if (before.verdict === 'fail') expect(after.verdict).not.toBe('pass');
      }),
      { numRuns: 300 },
    );
  });
});
