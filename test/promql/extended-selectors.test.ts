// anchored and smoothed selectors against a slow evaluator that looks at every pair of samples, over random counters.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { instantQuery, rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { allFeatures } from './all-features.ts';
import { MemorySource } from './memory-source.ts';

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

const lookbackMs = 60_000;
const rangeMs = 40_000;
const stepMs = 7000;
const steps = 30;

const counter: fc.Arbitrary<Sample[]> = fc
  .array(
    fc.record({ gapMs: fc.constantFrom(1000, 5000, 15_000, 90_000), gain: fc.integer({ min: -1, max: 5 }) }),
    {
      minLength: 1,
      maxLength: 25,
    },
  )
  .map((all) => {
    let [atMs, value] = [0, 0];
    return all.map(({ gapMs, gain }) => {
      atMs += gapMs;
      value = gain < 0 ? 1 : value + gain;
      return { atMs, value };
    });
  });

/** The sum of all that was gained between neighbours; after a fall, counting began at zero. */
function gained(values: readonly number[]): number {
  return values
    .slice(1)
    .reduce((sum, value, i) => sum + (value < values[i]! ? value : value - values[i]!), 0);
}

function slowAnchored(samples: readonly Sample[], endMs: number): number | undefined {
  const startMs = endMs - rangeMs;
  const inside = samples.filter(({ atMs }) => atMs > startMs && atMs <= endMs);
  const before = samples.findLast(({ atMs }) => atMs <= startMs && atMs > startMs - lookbackMs);
  if (inside.length === 0) return undefined;
  return gained([...(before ? [before] : []), ...inside].map(({ value }) => value));
}

function slowSmoothed(samples: readonly Sample[], endMs: number): number | undefined {
  const startMs = endMs - rangeMs;
  const near = samples.filter(({ atMs }) => atMs > startMs - lookbackMs && atMs <= endMs + lookbackMs);
  const inside = near.filter(({ atMs }) => atMs > startMs && atMs < endMs).map(({ value }) => value);
  const first = near.find(({ atMs }) => atMs > startMs);
  if (!first || near.every(({ atMs }) => atMs > endMs)) return undefined;
  const left = valueAt(near, startMs) ?? first.value;
  const right = valueAt(near, endMs) ?? near.findLast(({ atMs }) => atMs <= endMs)!.value;
  return gained([left, ...inside, right]);
}

/** On the line between the neighbours; undefined at either end. */
function valueAt(samples: readonly Sample[], atMs: number): number | undefined {
  const before = samples.findLast((sample) => sample.atMs <= atMs);
  const after = samples.find((sample) => sample.atMs >= atMs);
  if (!before || !after) return undefined;
  if (before === after) return before.value;
  const from = after.value < before.value ? 0 : before.value;
  return from + ((after.value - from) * (atMs - before.atMs)) / (after.atMs - before.atMs);
}

function sourceOf(samples: readonly Sample[]): MemorySource {
  const source = new MemorySource();
  const labels = Labels.from({ __name__: 'c_total' });
  for (const { atMs, value } of samples) source.append(labels, atMs, value);
  return source;
}

function parse(text: string) {
  const parsed = parseExpr(text, { features: allFeatures });
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.expr;
}

describe.each([
  ['anchored', slowAnchored],
  ['smoothed', slowSmoothed],
] as const)('%s', (modifier, slow) => {
  it('increases by what was gained from edge to edge', () => {
    const expr = parse(`increase(c_total[${rangeMs}ms] ${modifier})`);
    fc.assert(
      fc.property(counter, (samples) => {
        const { series } = rangeQuery(sourceOf(samples), expr, 0, (steps - 1) * stepMs, stepMs, {
          lookbackMs,
        });
        for (let i = 0; i < steps; i++) {
          const expected = slow(samples, i * stepMs);
          const point = series[0]?.times.indexOf(i * stepMs) ?? -1;
          const actual = point < 0 ? undefined : series[0]!.values[point];
          if (expected === undefined) expect(actual, `at step ${i}`).toBeUndefined();
          else expect(actual, `at step ${i}`).toBeCloseTo(expected, 9);
        }
      }),
      { numRuns: 300 },
    );
  });
});

it('smoothed without a range is the value on the line, or the last one', () => {
  const source = sourceOf([
    { atMs: 10_000, value: 10 },
    { atMs: 20_000, value: 30 },
  ]);
  const at = (atMs: number) => {
    const result = instantQuery(source, parse('c_total smoothed'), atMs, { lookbackMs });
    return result.type === 'vector' ? result.samples[0]?.value : undefined;
  };
  expect([5000, 10_000, 15_000, 20_000, 50_000, 80_000].map(at)).toEqual([
    undefined,
    10,
    20,
    30,
    30,
    undefined,
  ]);
});

it('a bare range gets samples at its edges', () => {
  const source = sourceOf([1, 2, 3, 4].map((i) => ({ atMs: i * 10_000, value: i })));
  const samplesOf = (text: string) => {
    const result = instantQuery(source, parse(text), 35_000, { lookbackMs });
    if (result.type !== 'matrix') throw new Error(`got a ${result.type}`);
    return result.series.flatMap(({ times, values }) => [...times].map((atMs, i) => [atMs, values[i]]));
  };
  expect(samplesOf('c_total[10s] anchored')).toEqual([
    [25_000, 2],
    [30_000, 3],
    [35_000, 3],
  ]);
  expect(samplesOf('c_total[10s] smoothed')).toEqual([
    [25_000, 2.5],
    [30_000, 3],
    [35_000, 3.5],
  ]);
  expect(samplesOf('c_total[10s]')).toEqual([[30_000, 3]]);
});
