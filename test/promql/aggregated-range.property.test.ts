// Aggregations that fold the results of a range function as they come, against the same aggregation of results that
// were made one by one: series with gaps, of different length, with resets and values that overflow.

import fc from 'fast-check';
import { it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { absent, present, type SeriesView, stale } from '../../src/telemetry/metrics/series.ts';

const steps = 12;
const stepMs = 30_000;
const length = 40;

const value = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 500 }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 1.7e308, -1.7e308) },
);

const state = fc.oneof(
  { weight: 12, arbitrary: fc.constant(present) },
  { weight: 1, arbitrary: fc.constantFrom(absent, stale) },
);

const member = fc.record({
  group: fc.constantFrom('a', 'b'),
  values: fc.array(value, { minLength: length, maxLength: length }),
  states: fc.oneof(
    fc.constant(new Array<number>(length).fill(present)),
    fc.array(state, { minLength: length, maxLength: length }),
  ),
  first: fc.nat(length / 2),
});

const column = { times: Float64Array.from({ length }, (_, i) => 1000 + i * 15_000), length };

function viewsOf(
  members: readonly (typeof member extends fc.Arbitrary<infer T> ? T : never)[],
): SeriesView[] {
  return members.map(({ group, values, states, first }, i) => ({
    labels: Labels.from({ __name__: 'series_total', group, id: String(i) }),
    column,
    offset: 0,
    values: Float64Array.from(values),
    states: Uint8Array.from(states),
    first,
    last: length,
  }));
}

/** By label set and time. */
function resultsOf(views: readonly SeriesView[], text: string): Map<string, number> {
  const parsed = parseExpr(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const source = { select: () => [...views] };
  const { series } = rangeQuery(source, parsed.expr, 0, (steps - 1) * stepMs, stepMs);
  return new Map(
    series.flatMap(({ labels, times, values }) => [...times].map((t, i) => [`${labels} ${t}`, values[i]!])),
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, one) => sum + one / values.length, 0);
}

const slowAggregations: Readonly<Record<string, (values: readonly number[]) => number>> = {
  sum: (values) => values.reduce((sum, one) => sum + one),
  avg: mean,
  count: (values) => values.length,
  group: () => 1,
  min: (values) => extreme(values, Math.min),
  max: (values) => extreme(values, Math.max),
  stdvar: (values) => mean(values.map((one) => (one - mean(values)) ** 2)),
};

/** NaN is the extreme only where there is nothing else. */
function extreme(values: readonly number[], choose: (...values: number[]) => number): number {
  const numbers = values.filter((one) => !Number.isNaN(one));
  return numbers.length === 0 ? Number.NaN : choose(...numbers);
}

/** Where values are this large, the order of the additions decides whether they overflow. */
function isTame(values: readonly number[]): boolean {
  return values.every((one) => !(Math.abs(one) > 1e100) || Math.abs(one) === Infinity);
}

function isClose(actual: number, expected: number, magnitude: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  return Math.abs(actual - expected) <= 1e-9 * magnitude;
}

it.each(Object.keys(slowAggregations))('%s folds the results of range functions', (operator) => {
  const functions = fc.constantFrom('rate', 'increase', 'delta', 'max_over_time', 'avg_over_time', 'changes');
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 5 }), functions, (members, name) => {
      const views = viewsOf(members);
      const call = `${name}(series_total[90s])`;
      const actual = resultsOf(views, `${operator} by (group) (${call})`);
      const expected = new Map<string, number[]>();
      for (const view of views) {
        // Alone, a series has its arrays to itself.
        for (const [key, one] of resultsOf([view], call)) {
          const group = `{group="${view.labels.get('group')}"} ${key.slice(key.lastIndexOf(' ') + 1)}`;
          expected.set(group, [...(expected.get(group) ?? []), one]);
        }
      }
      if (expected.size !== actual.size) throw new Error(`${actual.size} points, not ${expected.size}`);
      for (const [key, values] of expected) {
        if (!actual.has(key)) throw new Error(`${key} is missing`);
        if (!isTame(values)) continue;
        const slow = slowAggregations[operator]!(values);
        const magnitude = values.reduce((sum, one) => sum + Math.abs(one), 1);
        if (!isClose(actual.get(key)!, slow, operator === 'stdvar' ? magnitude ** 2 : magnitude)) {
          throw new Error(`${operator}(${call}) of ${values} ${key}: ${actual.get(key)}, not ${slow}`);
        }
      }
    }),
    { numRuns: 100 },
  );
});

it('takes a running mean where the sum of a step overflows', () => {
  const views = viewsOf(
    [1.7e308, 1.6e308, 1.5e308].map((huge) => {
      const [values, states] = [
        new Array<number>(length).fill(huge),
        new Array<number>(length).fill(present),
      ];
      return { group: 'a' as const, values, states, first: 0 };
    }),
  );
  for (const result of resultsOf(views, 'avg(max_over_time(series_total[90s]))').values()) {
    if (!isClose(result, 1.6e308, 1.6e308)) throw new Error(`${result} is not the mean`);
  }
});
