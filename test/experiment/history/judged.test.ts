// Burn-rate alerts before the judge: whether what their windows held before the fault decides, and what is told then.

import { describe, expect, test } from 'vitest';
import { warm } from '../../../src/experiment/history/warm.ts';
import { judge } from '../../../src/experiment/judge/judge.ts';
import { recordingsReadBy } from '../../../src/experiment/plan/history.ts';
import type { TimelineEvent } from '../../../src/experiment/timeline.ts';
import { scenarioOf } from '../judge/truth-table/scenario.ts';
import { zero as storyZero } from '../judge/truth-table/story.ts';
import { burnRateRules, groups, minute, planFor, play, recordingsOf, type Story, zero } from './outage.ts';

const outageMs = 60 * minute;
const baselineMs = 5 * minute;

/** Plays the story and judges what came of it, with one alert that has to ring within so many minutes of the injection. */
async function judged(
  story: Pick<Story, 'groups' | 'warmed' | 'strays' | 'perScrape'>,
  name: string,
  withinMinutes: number,
) {
  const told = await play({ ...story, baselineMs, outageMs });
  const rules = story.groups.flatMap((group) => group.rules);
  const { experiment, timeline } = scenarioOf({
    experiment: { alerts: [{ name, expect: 'rings', fires: { within: `${withinMinutes}m` } }] },
    rules: rules
      .filter(({ kind }) => kind === 'alerting')
      .map((rule) => ({ alert: rule.name, expr: rule.exprText })),
    ...{ scrape: '15s', evaluation: '1m' },
    phases: { baseline: '5m', fault: '60m', recovery: '1m' },
  });
  const recordings = recordingsOf(story.groups);
  const firedAfter = told.minutes[name];
  const events = timeline.map((event): TimelineEvent => {
    if (event.type !== 'run.planned') return { ...event, at: event.at - storyZero + zero };
    const read = recordingsReadBy(event.plan.alerts, recordings);
    const history = planFor(story.groups, baselineMs);
    return { ...event, at: zero, plan: { ...event.plan, recordings: read, history } };
  });
  const injectedAt = zero + baselineMs;
  const ref = { alert: name, labels: { alertname: name }, rule: { group: 'burn', file: '/rules.yaml' } };
  const firedAt = injectedAt + (firedAfter ?? 0) * minute;
  const firing = { activeAt: firedAt, value: 1, annotations: {} };
  const all: TimelineEvent[] = [
    ...events,
    ...(firedAfter === undefined
      ? []
      : [{ at: firedAt, type: 'alert.firing', ...ref, ...firing } as TimelineEvent]),
  ];
  const options = told.warmed ? { history: told.warmed.history } : {};
  const verdict = judge(experiment, all, told.recording, options);
  return { alert: verdict.alerts[0]!, told };
}

describe('a burn-rate alert on a total outage', () => {
  const young = { warmed: false };
  const old = { warmed: true };

  test.each(['raw', 'recorded'] as const)(
    'that rang only because the system is young: %s ratios',
    async (by) => {
      const { alert } = await judged({ groups: burnRateRules(0.99, by), ...young }, 'Page6', 10);
      expect(alert.verdict).toBe('history-sensitive');
      expect(alert.judgement).toBe('inconclusive');
      expect(alert.reason).toContain('as observed it fires 1m00s after the injection');
      expect(alert.reason).toContain('with a clean history it fires 22m00s after the injection');
      expect(alert.reason).toContain(
        'with one that burns exactly its budget it fires 19m00s after the injection',
      );
    },
  );

  test.each(['raw', 'recorded'] as const)(
    'with warm windows it rang, whatever was before: %s ratios',
    async (by) => {
      const { alert } = await judged({ groups: burnRateRules(0.99, by), ...old }, 'Page6', 30);
      expect(alert.reason).toContain('fired 22m00s after the injection');
      expect(alert.verdict).toBe('rang');
    },
  );

  test('a deadline between the clean history and the burning one: sensitive, though it rang late', async () => {
    const { alert } = await judged({ groups: burnRateRules(0.99, 'raw'), ...old }, 'Ticket1', 10);
    expect(alert.verdict).toBe('history-sensitive');
    expect(alert.evidence.map(({ label, value }) => `${label}: ${value}`)).toEqual(
      expect.arrayContaining([
        'as observed: it fires 44m00s after the injection',
        'with a clean history: it fires 44m00s after the injection',
      ]),
    );
    const burning = alert.evidence.find(({ label }) => label === 'with one that burns exactly its budget');
    expect((burning!.at! - zero - baselineMs) / minute).toBeLessThanOrEqual(1);
  });
});

describe('a stray error in the baseline', () => {
  test('that is less than the budget is carried into the history, and decides the verdict: sensitive', async () => {
    const story = { groups: burnRateRules(0.99, 'raw'), warmed: true, strays: [7], perScrape: 10 };
    const { alert, told } = await judged(story, 'Ticket1', 30);
    expect(told.activeBefore).toEqual([]);
    // One of 200 requests is half of the budget: what is left is burnt in half the time.
    expect(told.minutes.Ticket1).toBeGreaterThanOrEqual(20);
    expect(told.minutes.Ticket1).toBeLessThanOrEqual(24);
    expect(alert.verdict).toBe('history-sensitive');
  });

  test('that is more than the budget makes the ticket ring before the fault: the gate stays shut', async () => {
    const story = { groups: burnRateRules(0.99, 'raw'), baselineMs, outageMs: minute };
    const { activeBefore } = await play({ ...story, warmed: true, strays: [7], perScrape: 3 });
    expect(activeBefore).toEqual(['Ticket1']);
  });
});

describe('what a history cannot make up', () => {
  test.each([
    ['a trend', 'predict_linear(requests_total[1d], 3600) > 1e9'],
    ['an earlier time', 'rate(requests_total[5m]) < 0.5 * rate(requests_total[5m] offset 1w)'],
    ['an absence', 'absent_over_time(requests_total{code="500"}[1d])'],
    ['an age', 'time() - max(timestamp(requests_total)) > 86400'],
  ])('%s is history-needed', async (what, expr) => {
    const story = { groups: groups([{ name: 'burn', interval: '1m', rules: [{ alert: 'Old', expr }] }]) };
    const { alert } = await judged({ ...story, warmed: false }, 'Old', 30);
    expect(alert.verdict).toBe('history-needed');
    expect(alert.reason).toContain(`Old reads ${what} over`);
    expect(alert.reason).toContain('real data of 1h05m');
  });

  test('over less than the real data it is judged', async () => {
    const expr = 'deriv(requests_total{code="500"}[10m]) > 0';
    const story = { groups: groups([{ name: 'burn', interval: '1m', rules: [{ alert: 'New', expr }] }]) };
    const { alert } = await judged({ ...story, warmed: false }, 'New', 30);
    expect(alert.verdict).toBe('rang');
  });
});

test('the same baseline and seed make the same history, another seed another', async () => {
  const { recording } = await play({
    ...{ groups: [], baselineMs, outageMs: 0, strays: [3, 9], warmed: false },
  });
  const make = (seed: number) => {
    const plan = planFor(burnRateRules(0.99, 'raw'), baselineMs);
    const steady = { steadyFromMs: zero, steadyToMs: zero + baselineMs, joins: 'first' as const };
    const { history } = warm({ plan, live: recording, ...steady, seed, features: new Set() });
    return history.select([], -Infinity, Infinity).map(({ values }) => [...values.slice(0, 50)]);
  };
  expect(make(1)).toEqual(make(1));
  expect(make(1)).not.toEqual(make(2));
});
