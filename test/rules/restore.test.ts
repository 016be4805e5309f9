// What an engine takes up again of the alerts of the one before it, on virtual time. Times are in minutes.

import { expect, it } from 'vitest';
import { GroupEvaluator } from '../../src/rules/group.ts';
import { restoreDefaults } from '../../src/rules/restore.ts';
import { GroupRun, groupOptions, groupsOf } from './support.ts';

const rules = `
groups:
  - name: g
    rules:
      - {alert: Long, expr: x > 0, for: 30m, labels: {of: "{{ $labels.i }}", team: a}}
      - {alert: Short, expr: x > 0, for: 5m}
`;

/** An engine that ran from 0 to `until` with x above zero, and the one after it, whose first evaluation is at `from`. */
function restarted(until: number, from: number, options = {}) {
  const run = new GroupRun(rules);
  for (let minute = 0; minute <= until; minute++) {
    run.set(minute, { 'x{i="1"}': 1 });
    run.evaluate(minute);
  }
  const next = new GroupEvaluator(groupsOf(rules)[0]!, {
    ...groupOptions,
    restore: restoreDefaults,
    ...options,
  });
  const evaluate = (minute: number) => {
    run.set(minute, { 'x{i="1"}': 1 });
    next.evaluate(minute * 60_000, run.store, (batch) => run.store.appendBatch(batch));
    return next.activeAlerts().find(({ rule }) => rule.name === 'Long')?.alert;
  };
  /** The first minute from `from` on at which the long alert fires. */
  const firesAt = () => {
    for (let minute = from; minute < from + 200; minute++)
      if (evaluate(minute)?.state === 'firing') return minute;
    return undefined;
  };
  return { run, next, evaluate, firesAt };
}

it('does not count a short outage as time in which the condition held', () => {
  // Ten minutes pending, down for ten, then the twenty that were left.
  expect(restarted(10, 20).firesAt()).toBe(20 + 1 + 20);
});

it('fires with the evaluation after the restoration what had fired before', () => {
  expect(restarted(45, 50).firesAt()).toBe(52);
});

it('gives what was about to fire the grace period', () => {
  expect(restarted(28, 33).firesAt()).toBe(34 + 10);
});

it('takes up nothing that was last seen before the outage tolerance', () => {
  expect(restarted(20, 85).firesAt()).toBe(85 + 30);
});

it('takes up nothing without being asked to', () => {
  expect(restarted(10, 20, { restore: undefined }).firesAt()).toBe(20 + 30);
});

it('takes up nothing of an alert that had ended', () => {
  const run = new GroupRun(rules);
  for (let minute = 0; minute <= 10; minute++) {
    run.set(minute, minute < 8 ? { 'x{i="1"}': 1 } : { 'x{i="1"}': 0 });
    run.evaluate(minute);
  }
  const next = new GroupEvaluator(groupsOf(rules)[0]!, { ...groupOptions, restore: restoreDefaults });
  for (let minute = 12; minute < 15; minute++) {
    run.set(minute, { 'x{i="1"}': 1 });
    next.evaluate(minute * 60_000, run.store, (batch) => run.store.appendBatch(batch));
  }
  const long = next.activeAlerts().find(({ rule }) => rule.name === 'Long');
  expect(long?.alert.activeAt).toBe(12 * 60_000);
});

it('leaves what was written until it is taken up, and lets a rule without a past write at once', () => {
  const { run, evaluate } = restarted(10, 20);
  const seriesAt = (minute: number) =>
    run.store
      .select([], minute * 60_000, minute * 60_000)
      .filter(({ labels }) => labels.name === 'ALERTS_FOR_STATE')
      .map(({ labels }) => labels.get('alertname'))
      .sort();
  evaluate(20);
  expect(seriesAt(20)).toEqual(['Short']);
  evaluate(21);
  expect(seriesAt(21)).toEqual(['Short']);
  evaluate(22);
  expect(seriesAt(22)).toEqual(['Long', 'Short']);
});

it('keeps the age of alerts when the clock is set back, goes on at once and says so', () => {
  const run = new GroupRun(rules);
  for (let minute = 100; minute <= 103; minute++) {
    run.set(minute, { 'x{i="1"}': 1 });
    run.evaluate(minute);
  }
  const back = run.evaluator.nextAt(40 * 60_000 + 5);
  expect(back).toBe(41 * 60_000);
  run.store.appendBatch({ source: 'before', atMs: back, samples: [] });
  const old = new GroupRun(rules);
  old.set(41, { 'x{i="1"}': 1 });
  const { failures } = run.evaluator.evaluate(back, old.store, (batch) => run.store.appendBatch(batch));
  expect(failures.map(({ reason }) => reason)).toEqual([
    'the clock went back by 1h2m: results are older than those that are stored',
    'the clock went back by 1h2m: results are older than those that are stored',
  ]);
  expect(run.store.droppedCount).toBeGreaterThan(0);
  old.set(42, { 'x{i="1"}': 1 });
  run.evaluator.evaluate(42 * 60_000, old.store, () => undefined);
  const [short] = run.evaluator.activeAlerts().filter(({ rule }) => rule.name === 'Short');
  // Five minutes have passed in six evaluations, whatever the clock said.
  expect(short!.alert.state).toBe('firing');
});

it('waits for a clock that went back by less than an interval', () => {
  const run = new GroupRun(rules);
  run.evaluate(10);
  expect(run.evaluator.nextAt(10 * 60_000 - 30_000)).toBe(11 * 60_000);
});
