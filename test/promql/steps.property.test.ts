// A range query is many instant queries: at each step it must say what an instant query at that time says. Expressions
// are drawn from the grammar, series come and go, so that no operator can carry something from one step to the next.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UserError } from '../../src/base/diagnostics.ts';
import { Labels } from '../../src/base/labels.ts';
import type { Expr } from '../../src/promql/ast.ts';
import { instantQuery, rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import {
  type Buckets,
  bucketsFromSpans,
  customBucketsSchema,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
} from '../../src/telemetry/metrics/native-histogram.ts';
import { allFeatures } from './all-features.ts';
import { MemorySource } from './memory-source.ts';

const { vector } = fc.letrec<{ vector: string; scalar: string; range: string }>((tie) => ({
  scalar: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('0', '1', '2.5', '-1', 'NaN', 'time()'),
    tie('vector').map((inner) => `scalar(${inner})`),
  ),
  range: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a[1m]', 'b{x="1"}[2m] offset 30s', '{x=~"1|2"}[45s]', 'a[3m] @ 120'),
    tie('vector').map((inner) => `(${inner})[2m:20s]`),
  ),
  vector: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('a', 'b', 'c', 'a{x="1"}', 'b offset 1m', 'c @ 90', '{y="p"}', 'a @ end()'),
    fc
      .tuple(
        fc.constantFrom('sum', 'avg', 'min', 'max', 'count', 'stddev', 'group'),
        grouping(),
        tie('vector'),
      )
      .map(([operator, clause, inner]) => `${operator}${clause}(${inner})`),
    fc
      .tuple(
        fc.constantFrom('topk', 'bottomk', 'quantile', 'limitk'),
        grouping(),
        tie('scalar'),
        tie('vector'),
      )
      .map(([operator, clause, parameter, inner]) => `${operator}${clause}(${parameter}, ${inner})`),
    fc.tuple(grouping(), tie('vector')).map(([clause, inner]) => `count_values${clause}("v", ${inner})`),
    fc
      .tuple(tie('vector'), binary(), tie('vector'))
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(
        tie('vector'),
        fc.constantFrom('+', '^', '> bool', '<', '==', '*', '/', '</', '>/'),
        tie('scalar'),
      )
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(
        fc.constantFrom(
          'rate',
          'delta',
          'sum_over_time',
          'max_over_time',
          'last_over_time',
          'deriv',
          'absent_over_time',
          'avg_over_time',
          'irate',
          'idelta',
          'changes',
          'resets',
          'increase',
        ),
        tie('range'),
      )
      .map(([name, inner]) => `${name}(${inner})`),
    fc
      .tuple(
        fc.constantFrom(
          'abs',
          'absent',
          'sort',
          'timestamp',
          'sgn',
          '-',
          'histogram_stddev',
          'histogram_sum',
        ),
        tie('vector'),
      )
      .map(([name, inner]) => `${name}(${inner})`),
    tie('vector').map((inner) => `histogram_fraction(-0.5, 1.5, ${inner})`),
    tie('vector').map((inner) => `label_replace(${inner}, "x", "$1", "y", "(.*)")`),
    tie('vector').map((inner) => `histogram_quantile(0.5, label_replace(${inner}, "le", "$1", "x", "(.*)"))`),
    tie('scalar').map((inner) => `vector(${inner})`),
  ),
}));

function grouping() {
  return fc.constantFrom('', ' by (x)', ' by (y, __name__)', ' without (x)');
}

function binary() {
  return fc.constantFrom(
    '+',
    '/ on (x)',
    '* ignoring (y) group_left ()',
    '- on (x) group_right (y)',
    '> bool',
    '<=',
    'and',
    'or on (y)',
    'unless',
    '+ fill (3)',
  );
}

const stepMs = 20_000;
const steps = 12;

const bucketCounts = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 0, maxLength: 3 });

/** Exponential and custom buckets, so that some do not fit each other. */
const histogram = fc
  .record({
    schema: fc.constantFrom(0, 0, 1, customBucketsSchema),
    counts: bucketCounts,
    below: bucketCounts,
    zeroCount: fc.integer({ min: 0, max: 2 }),
    zeroThreshold: fc.constantFrom(0, 0.25, 1),
    resetHint: fc.constantFrom<ResetHint>('unknown', 'unknown', 'gauge', 'notReset'),
    bounds: fc.constantFrom([1, 2], [1, 3]),
  })
  .map(({ schema, counts, below, zeroCount, zeroThreshold, resetHint, bounds }): NativeHistogram => {
    const isCustom = schema === customBucketsSchema;
    const all = [...counts, ...(isCustom ? [] : [...below, zeroCount])];
    const bucketsOf = (list: number[]) => bucketsFromSpans([{ offset: 0, length: list.length }], list);
    return {
      schema,
      count: all.reduce((sum, one) => sum + one, 0),
      sum: counts.length - below.length,
      zeroThreshold: isCustom ? 0 : zeroThreshold,
      zeroCount: isCustom ? 0 : zeroCount,
      positive: bucketsOf(counts),
      negative: isCustom ? noBuckets : bucketsOf(below),
      customBounds: isCustom ? Float64Array.from(bounds) : undefined,
      resetHint,
    };
  });

/** Samples of one series: one a step, some of them missing or stale. */
const samples = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: -3, max: 9 }) },
    { weight: 2, arbitrary: fc.constantFrom('gap', 'stale', Number.NaN, Infinity) },
    { weight: 2, arbitrary: histogram },
  ),
  { minLength: steps, maxLength: steps },
);

const names = ['a', 'a', 'b', 'b', 'c'];
const seriesLabels = names.map((name, i) =>
  Labels.from({ __name__: name, x: String((i % 2) + 1), ...(i % 3 === 0 ? { y: 'p' } : {}) }),
);

function sourceOf(drawn: readonly (readonly (number | string | NativeHistogram)[])[]): MemorySource {
  const source = new MemorySource();
  drawn.forEach((values, i) => {
    values.forEach((value, step) => {
      if (value === 'gap') return;
      const isStale = value === 'stale';
      source.append(
        seriesLabels[i]!,
        step * stepMs,
        isStale ? Number.NaN : (value as number | NativeHistogram),
        isStale,
      );
    });
  });
  return source;
}

/** Values by the key of their labels; undefined when the query fails. */
type Outcome = ReadonlyMap<string, number | string> | undefined;

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

const options = { lookbackMs: 50_000 };
const endMs = (steps - 1) * stepMs;

function instantAt(source: MemorySource, expr: Expr, atMs: number): Outcome {
  return attempt(() => {
    const result = instantQuery(source, expr, atMs, options);
    if (result.type !== 'vector') throw new Error(`got a ${result.type}`);
    return new Map(
      result.samples.map(({ labels, value, histogram: one }) => [
        labels.key,
        one ? histogramText(one) : value,
      ]),
    );
  });
}

/** Rounded, since sums over a vector are taken in its order. */
function histogramText(one: NativeHistogram): string {
  const round = (value: number) => Number(value.toPrecision(9)) + 0;
  const side = ({ indexes, counts }: Buckets) => [...indexes].map((index, i) => [index, round(counts[i]!)]);
  const { schema, count, sum, zeroThreshold, zeroCount, positive, negative, customBounds } = one;
  const numbers = [schema, round(count), round(sum), zeroThreshold, round(zeroCount)];
  return JSON.stringify([numbers, side(positive), side(negative), [...(customBounds ?? [])]]);
}

/** One outcome a step. */
function rangeBySteps(source: MemorySource, expr: Expr): Outcome[] | undefined {
  return attempt(() => {
    const outcomes = Array.from({ length: steps }, () => new Map<string, number | string>());
    for (const { labels, times, values, histograms } of rangeQuery(source, expr, 0, endMs, stepMs, options)
      .series) {
      for (const [i, atMs] of times.entries()) {
        const one = histograms?.[i];
        outcomes[atMs / stepMs]!.set(labels.key, one ? histogramText(one) : values[i]!);
      }
    }
    return outcomes;
  });
}

function agree(a: Outcome, b: Outcome): boolean {
  if (!a || !b) return false;
  return a.size === b.size && [...a].every(([key, value]) => isClose(value, b.get(key)));
}

/** Sums over a vector are taken in its order, which sorting may have changed. */
function isClose(value: number | string, other: number | string | undefined): boolean {
  if (typeof value === 'string' || typeof other === 'string') return value === other;
  if (other === undefined) return false;
  if (Object.is(value, other) || value === other) return true;
  return Math.abs(value - other) <= 1e-9 * Math.max(Math.abs(value), Math.abs(other));
}

function show(outcome: Outcome): string {
  return outcome ? JSON.stringify([...outcome].map(([key, value]) => [key, String(value)])) : 'a failure';
}

it('range queries agree with instant queries', () => {
  const data = fc.array(samples, { minLength: names.length, maxLength: names.length });
  let compared = 0;
  fc.assert(
    fc.property(vector, data, (text, drawn) => {
      // The end of an instant query would be its own time.
      const parsed = parseExpr(text.replaceAll('end()', String(endMs / 1000)), { features: allFeatures });
      if (!parsed.ok) throw new Error(`${text}: ${parsed.error.message}`);
      const source = sourceOf(drawn);
      const range = rangeBySteps(source, parsed.expr);
      // A range query also fails where only two steps together make a conflict.
      if (!range) return;
      compared++;
      range.forEach((outcome, i) => {
        const instant = instantAt(source, parsed.expr, i * stepMs);
        if (agree(outcome, instant)) return;
        throw new Error(`${text} at step ${i}: range ${show(outcome)}, instant ${show(instant)}`);
      });
    }),
    { numRuns: 1000 },
  );
  // Failures must stay the exception, or this would test nothing.
  expect(compared).toBeGreaterThan(500);
});
