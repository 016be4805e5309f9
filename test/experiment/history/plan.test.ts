// What the plan asks of a history: which windows, through which recording rules, and which groups wait for it.

import { expect, test } from 'vitest';
import { warm } from '../../../src/experiment/history/warm.ts';
import type { Experiment } from '../../../src/experiment/model.ts';
import { groupsThatWait, planHistory, recordingsOf } from '../../../src/experiment/plan/history.ts';
import { groups, minute, play, zero } from './outage.ts';

const ratio = 'sum(rate(requests_total{code="500"}[1h])) / sum(rate(requests_total[1h]))';
const ruleGroups = groups([
  { name: 'ratios', interval: '1m', rules: [{ record: 'job:ratio1h', expr: ratio }] },
  {
    name: 'unread',
    interval: '1m',
    rules: [{ record: 'job:unread', expr: 'sum(rate(requests_total[30d]))' }],
  },
  { name: 'plain', interval: '1m', rules: [{ alert: 'Down', expr: 'up == 0' }] },
]);
const history = { isOn: true, lengthMsMax: null, samplesMax: 20_000_000, from: null };
const objectives = [{ name: 'errors', promql: 'job:ratio1h < 0.01' }];
const experiment = { history, telemetry: {}, objectives, stopConditions: [] } as unknown as Experiment;
const baselineMs = 5 * minute;
const recordings = recordingsOf(ruleGroups, minute);
const plan = planHistory(experiment, ruleGroups, recordings, baselineMs)!;

test('only what alerts and objectives read is warmed, and the groups between wait', () => {
  expect(plan.windows.map(({ selector, rangeMs }) => [selector, rangeMs / minute])).toEqual([
    ['requests_total{code="500"}', 60],
    ['requests_total', 60],
    ['job:ratio1h', 5],
  ]);
  expect(plan.recordings.map(({ name }) => name)).toEqual(['job:ratio1h']);
  const waiting = groupsThatWait(ruleGroups, recordings, plan, baselineMs);
  // What nobody reads waits too: it would record from a window as old as the run.
  expect([...waiting].map(({ name }) => name)).toEqual(['ratios', 'unread']);
});

test('an objective on a recorded ratio has readings in the baseline, though the rule waited', async () => {
  const { recording } = await play({ groups: [], baselineMs, outageMs: 0, warmed: false });
  const steady = { steadyFromMs: zero, steadyToMs: zero + baselineMs, joins: 'first' as const };
  const warmed = warm({ plan, live: recording, ...steady, seed: 1, features: new Set() });
  const [view] = warmed.history
    .select([], zero, zero + baselineMs)
    .filter(({ labels }) => labels.name === 'job:ratio1h');
  expect(view!.last - view!.first).toBe(5);
  expect(view!.column.times[view!.last - 1]).toBe(zero + baselineMs - minute);
});

test('nothing is warmed on a remote source, or where it is off', () => {
  const remote = { ...experiment, telemetry: { prometheus: {} } } as unknown as Experiment;
  expect(planHistory(remote, ruleGroups, recordings, baselineMs)).toBeUndefined();
  const off = { ...experiment, history: { ...history, isOn: false } };
  expect(planHistory(off, ruleGroups, recordings, baselineMs)).toBeUndefined();
});
