// Two minutes of a total outage before the judge: when each burn-rate alert would have fired had it lasted, beside the
// minutes that were measured with an outage of an hour.

import { beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../../src/experiment/judge/judge.ts';
import { recordingsReadBy } from '../../../src/experiment/plan/history.ts';
import type { TimelineEvent } from '../../../src/experiment/timeline.ts';
import type { Verdict } from '../../../src/experiment/verdict.ts';
import { burnRateRules, minute, planFor, play, recordingsOf, zero } from '../history/outage.ts';
import { scenarioOf } from '../judge/truth-table/scenario.ts';
import { zero as storyZero } from '../judge/truth-table/story.ts';

const baselineMs = 5 * minute;
const injectedAt = zero + baselineMs;
const names = ['Page14', 'Page6', 'Ticket3', 'Ticket1'];

async function judged(by: 'raw' | 'recorded', projection = true): Promise<Verdict> {
  const groups = burnRateRules(0.99, by);
  const told = await play({ groups, baselineMs, outageMs: 2 * minute, warmed: true });
  const rules = groups.flatMap((group) => group.rules).filter(({ kind }) => kind === 'alerting');
  const { experiment, timeline } = scenarioOf({
    experiment: {
      objectives: [
        {
          name: 'requests',
          promql: 'sum(rate(requests_total{code=~"5.."}[1m])) / sum(rate(requests_total[1m])) < 0.01',
          expect: 'breached',
        },
      ],
      alerts: names.map((name) => ({
        ...{ name, guards: ['requests'], fires: { within: '60m' } },
        notifies: { within: '70m', receivers: ['oncall'] },
      })),
    },
    rules: rules.map((rule) => ({ alert: rule.name, expr: rule.exprText })),
    routes: [{ receiver: 'oncall', group_wait: '30s' }],
    ...{ scrape: '15s', evaluation: '1m' },
    phases: { baseline: '5m', fault: '2m', recovery: '1m' },
  });
  const recordings = recordingsOf(groups);
  const events = timeline.map((event): TimelineEvent => {
    const at = event.at - storyZero + zero;
    if (event.type !== 'run.planned') return { ...event, at };
    const read = recordingsReadBy(event.plan.alerts, recordings);
    return { ...event, at, plan: { ...event.plan, recordings: read, history: planFor(groups, baselineMs) } };
  });
  const history = told.warmed ? { history: told.warmed.history } : {};
  return judge(experiment, events, told.recording, { projection, ...history });
}

describe.each(['raw', 'recorded'] as const)('two minutes of a total outage, %s ratios', (by) => {
  let verdict: Verdict;
  beforeAll(async () => {
    verdict = await judged(by);
  });
  const projectionOf = (name: string) =>
    verdict.alerts.find((alert) => alert.name === name)!.predicted!.projection!;

  test.each([
    ['Page14', 9],
    ['Page6', 22],
    ['Ticket3', 44],
    ['Ticket1', 44],
  ])('%s would fire after %d minutes, and notify after group_wait', (name, minutes) => {
    const { firesAt, notifiesAt, assumption } = projectionOf(name);
    const found = (firesAt! - injectedAt) / minute;
    expect(Math.abs(found - minutes)).toBeLessThanOrEqual(1);
    expect(notifiesAt! - firesAt!).toBe(30_000);
    expect(assumption).toContain('1m00s');
  });

  test('the budget that is spent by then, and when there is none left', () => {
    const [budget] = projectionOf('Page6').budgets;
    // All requests fail: 1 % of 30 days is 7h12m.
    const wholeMs = 0.01 * 30 * 24 * 60 * minute;
    expect(budget!.objective).toBe('requests');
    expect(Math.abs(budget!.exhaustedAt - injectedAt - wholeMs)).toBeLessThan(minute);
    expect(budget!.spent).toBeCloseTo((22.5 * minute) / wholeMs, 2);
  });

  test('it decides nothing: no expression had become true by the undo', () => {
    expect(verdict.alerts.map((alert) => alert.verdict)).toEqual(names.map(() => 'underpowered'));
  });

  test('what it cost, and which outages page', () => {
    const [cost] = verdict.costs!;
    expect(cost!.objective).toBe('requests');
    expect(cost!.pagesAfter).toMatchObject({ alert: 'Page14' });
    expect(cost!.pagesAfter!.ms / minute).toBeCloseTo(8.64, 6);
    expect(cost!.unpagedMs! / minute).toBeGreaterThan(9.8);
    expect(cost!.wholeOutageMs / minute).toBeCloseTo(432, 6);
    // Two minutes of 432, and what the range of the objective remembers of them.
    expect(cost!.budgetShare).toBeGreaterThan(0.9 * (2 / 432));
    expect(cost!.budgetShare).toBeLessThan(1.2 * (2 / 432));
  });
});

test('without projection nothing is projected', async () => {
  const { alerts } = await judged('raw', false);
  expect(alerts.every(({ predicted }) => predicted!.projection === undefined)).toBe(true);
});
