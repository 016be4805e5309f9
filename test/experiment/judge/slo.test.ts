// An SLO over a fault of twenty seconds: what counts is everything since the injection, not the last moment.

import { describe, expect, it } from 'vitest';
import { budgetSpent, readSloOverFault } from '../../../src/experiment/judge/slo.ts';
import type { SloSpec } from '../../../src/experiment/model.ts';
import { noFeatures } from '../../../src/promql/features.ts';
import { parseExpr } from '../../../src/promql/parser.ts';
import { topComparison } from '../../../src/promql/walk.ts';
import type { Query } from '../../../src/slo/objective.ts';
import { targetOf } from '../../../src/slo/target.ts';
import { MemorySource } from '../../promql/memory-source.ts';
import { parseSeriesLine } from '../../promql/promqltest/series-notation.ts';

const query = (promql: string): Query => ({
  promql,
  form: 'counter',
  source: undefined,
  place: { file: 'a.yaml', line: 1, column: 1 },
});

const slo: SloSpec = {
  reference: 'slo.yaml#web',
  sli: { type: 'ratio', bad: query('bad_total'), total: query('hits_total'), grouping: [] },
  target: targetOf('90', 'percent')!,
  budgeting: { method: 'Occurrences' },
  window: { type: 'rolling', durationMs: 1000 * 1000, text: '1000s' },
  sampleMs: 1000,
};

/** A sample a second; ten requests in each. Errors: five in each of the first ten seconds of the fault at 20 s. */
function recording(): MemorySource {
  const source = new MemorySource();
  for (const { labels, points } of ['bad_total 100x20 105+5x9 150x30', 'hits_total 0+10x60'].map(
    parseSeriesLine,
  ))
    points.forEach((point, i) => {
      if (point.kind === 'float') source.append(labels, i * 1000, point.value);
    });
  return source;
}

const fault = { fromMs: 20_000, toMs: 40_000 };
const parsed = parseExpr('sli >= 0.9');
const comparison = topComparison((parsed as Extract<typeof parsed, { ok: true }>).expr)!;

describe('an SLO in a drill', () => {
  it('is read from the injection on while the fault lasts', () => {
    const readings = [10, 22, 30, 40, 45].map((second) => ({
      at: second * 1000,
      bounds: 'in' as const,
      value: 1,
    }));
    const read = readSloOverFault(recording(), slo, comparison, readings, fault, 4000, noFeatures);
    expect(
      read.map(({ at, bounds, value }) => [at / 1000, bounds, value && Number(value.toFixed(3))]),
    ).toEqual([
      [10, 'in', 1],
      // The fault is shorter than the short window.
      [22, 'in', 1],
      [30, 'out', 0.5],
      // No more errors for ten seconds, but half of the fault had them.
      [40, 'out', 0.75],
      [45, 'in', 1],
    ]);
  });

  it('spends of its budget what it burns in the length of the fault', () => {
    const spent = budgetSpent(recording(), slo, fault, noFeatures);
    // A quarter of all is bad, 2.5 times the budget, for a fiftieth of the window.
    expect(spent?.evidence).toEqual([
      { label: 'error budget spent', value: '5 % of 1000s' },
      { label: 'burn rate', value: '2.5' },
    ]);
  });

  it('spends whole slices with Timeslices', () => {
    const timeslices: SloSpec = {
      ...slo,
      budgeting: { method: 'Timeslices', sliceMs: 5000, sliceTarget: 0.9 },
    };
    const spent = budgetSpent(recording(), timeslices, fault, noFeatures);
    expect(spent?.evidence[1]).toEqual({ label: 'burn rate', value: '5' });
  });

  it('spends nothing that could be told of a target of 100 %', () => {
    const all: SloSpec = { ...slo, target: targetOf('100', 'percent')! };
    expect(budgetSpent(recording(), all, fault, noFeatures)).toBeUndefined();
  });
});
