// What is said of burn-rate alerts before anything is broken.

import { describe, expect, test } from 'vitest';
import { planAlerts } from '../../../src/experiment/plan/alerts.ts';
import { foresee } from '../../../src/experiment/plan/foresight.ts';
import { rulesOfGroups } from '../../../src/experiment/plan/known-rule.ts';
import type { RuleGroup } from '../../../src/rules/model.ts';
import { burnRateRules, groups, minute, recordingsOf } from '../history/outage.ts';
import { scenarioOf } from '../judge/truth-table/scenario.ts';

const strong = { errorRatio: 1, why: undefined };

function told(
  ruleGroups: readonly RuleGroup[],
  name: string,
  {
    within = '2h',
    faultMs = 30_000,
    strength = strong as { errorRatio: number; why: string | undefined },
  } = {},
): string[] {
  const { experiment } = scenarioOf({
    experiment: { alerts: [{ name, expect: 'rings', fires: { within } }] },
    rules: [],
  });
  const recordings = recordingsOf(ruleGroups);
  const alerts = planAlerts(
    experiment.alerts,
    rulesOfGroups(ruleGroups, minute),
    () => [],
    15_000,
    recordings,
  );
  const phases = { baselineMs: 60_000, faultMs, recoveryMs: 60_000 };
  const plan = { alerts, phases, scrapeIntervalMs: 15_000, recordings };
  return foresee(experiment, plan, strength).map(({ severity, text }) => `${severity}: ${text}`);
}

describe.each(['raw', 'recorded'] as const)('burn-rate alerts on %s ratios', (by) => {
  test('how long the fault must be, and which duration would do', () => {
    const lines = told(burnRateRules(0.99, by), 'Page14', { within: '10m' });
    expect(lines[0]).toBe('note: 14.4x over 1h and 5m: needs 8m38s at 100 %, never fires at 10 % of errors');
    expect(lines.at(-1)).toMatch(
      /^warning: this fault of 30s proves nothing of it, "duration: 1[0-2]m" would$/,
    );
  });

  test('a deadline before its windows can be over is never met', () => {
    const lines = told(burnRateRules(0.99, by), 'Page6', { within: '20m' });
    expect(lines).toContain(
      'warning: "fires within 20m00s" can never be met: the rule needs at least 21m36s',
    );
  });

  test('one that no outage can make fire', () => {
    expect(told(burnRateRules(0.9, by), 'Page14').at(-1)).toBe(
      'warning: it can never fire: 14.4 times the budget of 10 % is 144 %, and no more than all can fail',
    );
  });

  test('a fault on one of ten targets is too weak, however long', () => {
    const strength = { errorRatio: 0.1, why: '1 of 10 targets' };
    expect(told(burnRateRules(0.99, by), 'Page14', { strength }).at(-1)).toBe(
      'warning: it needs more than 14.4 % of errors, and this fault reaches 10 % (1 of 10 targets): no length of it proves anything',
    );
  });
});

describe('rules without a closed form', () => {
  const rulesWith = (expr: string, wait = '1m') =>
    groups([{ name: 'team', interval: '30s', rules: [{ alert: 'Down', expr, for: wait }] }]);

  test.each([
    ['up{job="app"} == 0', /simulated, it fires 1m30s after/],
    ['avg_over_time(up{job="app"}[5m]) < 0.9', /simulated, it fires 2m00s after/],
    ['count(probe_success == 0) > 3', /simulated, it fires 1m30s after/],
  ])('%s is simulated', (expr, wanted) => {
    expect(told(rulesWith(expr), 'Down')).toContainEqual(expect.stringMatching(wanted));
  });

  test('silence at the fault’s strength is told', () => {
    const strength = { errorRatio: 0.2, why: '1 of 5 targets' };
    const lines = told(rulesWith('count(up{job="app"} == 0) > 3'), 'Down', { strength });
    expect(lines).toEqual([
      'warning: simulated, it stays silent even when 1 of 5 targets is down for as long as its windows are',
    ]);
  });

  test('what no fault is known to do to a metric is bounded by the settings alone', () => {
    const lines = told(rulesWith('avg_over_time(queue_length[5m]) > 100'), 'Down', { within: '6m' });
    expect(lines.some((line) => line.includes('simulated'))).toBe(false);
    expect(lines[0]).toBe(
      'note: "fires within 6m00s" is met only by luck: the rule may need 6m45s (scrape 15s + range 5m00s + evaluation 30s + for 1m00s)',
    );
  });
});
