// An SLO in a report: what was spent of its budget, for someone who does not know what a budget is.

import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import type { SloSpec } from '../../src/experiment/model.ts';
import { renderHtml } from '../../src/report/html/render.ts';
import type { ReportInput } from '../../src/report/input.ts';
import { measureObjective } from '../../src/report/measured.ts';
import { spentBudget } from '../../src/report/spent-budget.ts';
import type { Query } from '../../src/slo/objective.ts';
import { targetOf } from '../../src/slo/target.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { at, leaky } from './fixtures.ts';

const query = (promql: string): Query => ({
  promql,
  form: 'counter',
  source: undefined,
  place: { file: 'slo.yaml', line: 1, column: 1 },
});

const slo: SloSpec = {
  reference: 'slo.yaml#web',
  sli: { type: 'ratio', good: query('good_total'), total: query('hits_total'), grouping: [] },
  target: targetOf('99.95', 'percent')!,
  budgeting: { method: 'Occurrences' },
  window: { type: 'rolling', durationMs: 30 * 86_400_000, text: '30d' },
  sampleMs: 1000,
};

/** Ten requests a second, of which `bad` fail while the fault lasts. */
function input(bad: number, window: SloSpec['window'] = slo.window): ReportInput {
  const recording = new SeriesStore();
  let good = 0;
  for (let second = -10; second <= 45; second++) {
    good += second > 0 && second <= 30 ? 10 - bad : 10;
    for (const [name, value] of Object.entries({ good_total: good, hits_total: (second + 11) * 10 }))
      recording.appendBatch({
        source: 'web',
        atMs: at(second),
        samples: [{ labels: Labels.from({ __name__: name }), value }],
      });
  }
  const { experiment, verdict, timeline } = leaky();
  const expr = 'sum(rate(good_total[4s])) / sum(rate(hits_total[4s]))';
  return {
    experiment: {
      ...experiment,
      objectives: experiment.objectives.map((spec) => ({ ...spec, slo: { ...slo, window } })),
    },
    timeline,
    recording,
    verdict: {
      ...verdict,
      objectives: verdict.objectives.map((objective) => ({
        ...objective,
        comparison: { expr, operator: '>=', threshold: 0.9995 },
        evidence: [
          { label: 'bound', value: '>= 99.95 %' },
          { label: 'error budget spent', value: 'some of it' },
          { label: 'burn rate', value: 'high' },
        ],
      })),
    },
  };
}

const budgetOf = (report: ReportInput) => spentBudget(report, report.verdict.objectives[0]!);

describe('the budget of an SLO', () => {
  it('is explained', () => {
    const budget = budgetOf(input(1))!;
    expect(budget.explained).toMatch(
      /^99\.95 % must be good over 30d: the 0\.05 % that may fail is the error budget\. A burn rate of (\d+) spends it \1 times as fast as it lasts: held on, a whole one would be gone in \d+h\.$/,
    );
    // A tenth is bad, 200 times what may be, for 30 s of 30 days.
    expect(budget.share).toBeCloseTo((200 * 30) / (30 * 86_400), 3);
  });

  it('is whole where nothing failed', () => {
    const budget = budgetOf(input(0))!;
    expect(budget).toMatchObject({ share: 0, spent: '0 % of the error budget of 30d' });
    expect(budget.explained).toContain('The fault spent nothing of it.');
  });

  it('of a calendar is for a month, not for `1M`', () => {
    const start = { year: 2026, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    const month = { type: 'calendar', count: 1, unit: 'month', start, zone: 'UTC', text: '1M' } as const;
    const budget = budgetOf(input(1, { ...month, durationMs: 30 * 86_400_000 }))!;
    expect(budget.spent).toMatch(/ of the error budget of a calendar month$/);
  });

  it('is not told where the judge told none', () => {
    const report = input(1);
    expect(spentBudget(report, leaky().verdict.objectives[0]!)).toBeUndefined();
    expect(spentBudget(leaky(), report.verdict.objectives[0]!)).toBeUndefined();
  });

  it('is a bar beside the chart, and its facts are told once', () => {
    const html = renderHtml(input(1));
    expect(html).toMatch(/<rect class="budget-spent" width="4"/);
    expect(html).toContain('must be good over 30d');
    expect(html).not.toContain('<dt>burn rate</dt>');
    expect(renderHtml(leaky())).not.toContain('class="budget"');
  });

  it('has a target that is never rounded up to 100 %', () => {
    const report = input(1);
    const { must, quantity } = measureObjective(report, report.verdict.objectives[0]!);
    expect([must, quantity(0.99951), quantity(1)]).toEqual(['must be >= 99.95 %', '99.951 %', '100 %']);
    expect(renderHtml(report)).toContain('&gt;= 99.95 %</text>');
  });
});
