// Functions over ranges against a slow evaluator, over random series: gaps, stale markers, counter resets, NaN,
// infinities, huge and tiny values side by side, series that share a column of times and begin or end within it.

import fc from 'fast-check';
import { it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { rangeQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { absent, present, type SeriesView, stale } from '../../src/telemetry/metrics/series.ts';
import { allFeatures } from './all-features.ts';
import { type SlowFunction, slowFunctions, windowOf } from './slow-evaluator.ts';

interface Slot {
  readonly state: number;
  readonly value: number;
}

const anyValue = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -50, max: 50 }) },
  { weight: 3, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e300, -1e300, 1e-300, 0, -0) },
);

const slot: fc.Arbitrary<Slot> = fc.record({
  state: fc.oneof(
    { weight: 8, arbitrary: fc.constant(present) },
    { weight: 1, arbitrary: fc.constantFrom(absent, stale) },
  ),
  value: anyValue,
});

/** A counter: rising, with resets, nothing missing. */
const counterSlots = (length: number) =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(-1)), {
      minLength: length,
      maxLength: length,
    })
    .map((steps) => {
      let value = 0;
      return steps.map((step): Slot => {
        value = step < 0 ? 0 : value + step;
        return { state: present, value };
      });
    });

const scenario = fc
  .record({
    gapsMs: fc.array(fc.constantFrom(1000, 15_000, 15_000, 15_000, 40_000), { minLength: 1, maxLength: 90 }),
    rangeMs: fc.constantFrom(10_000, 30_000, 60_000, 300_000, 1_200_000),
    stepMs: fc.constantFrom(1000, 15_000, 60_000, 90_000),
    offsetMs: fc.constantFrom(0, 30_000, -45_000),
    steps: fc.integer({ min: 1, max: 40 }),
    startMs: fc.integer({ min: -60_000, max: 600_000 }),
  })
  .chain((times) => {
    const length = times.gapsMs.length;
    const slots = fc.oneof(fc.array(slot, { minLength: length, maxLength: length }), counterSlots(length));
    const series = fc.record({ slots, first: fc.nat(length), last: fc.nat(length), offset: fc.nat(length) });
    return fc.record({ times: fc.constant(times), series: fc.array(series, { minLength: 1, maxLength: 3 }) });
  });

type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Views on one shared column; a series' arrays begin at its offset, and only first to last of it is valid. */
function viewsOf({ times, series }: Scenario): SeriesView[] {
  let atMs = 0;
  const column = {
    times: Float64Array.from(times.gapsMs, (gap) => {
      atMs += gap;
      return atMs;
    }),
    length: times.gapsMs.length,
  };
  return series.map(({ slots, first, last, offset }, i) => {
    const from = Math.min(first, last);
    const begin = Math.min(offset, from);
    return {
      labels: Labels.from({ __name__: 'series_total', id: String(i) }),
      column,
      offset: begin,
      values: Float64Array.from(slots.slice(begin), ({ value }) => value),
      states: Uint8Array.from(slots.slice(begin), ({ state }) => state),
      first: from,
      last: Math.max(first, last),
    };
  });
}

function slowSamples({ column, offset, values, states, first, last }: SeriesView) {
  const samples = [];
  for (let j = first; j < last; j++) {
    const state = states[j - offset];
    if (state === absent) continue;
    samples.push({ atMs: column.times[j]!, value: values[j - offset]!, stale: state === stale });
  }
  return samples;
}

/** Equal up to rounding, which may be as large as that of the largest value in the window. */
function isClose(actual: number, expected: number, magnitude: number): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(actual);
  if (actual === expected) return true;
  return Math.abs(actual - expected) <= 1e-12 * magnitude + 1e-9 * Math.abs(expected);
}

function checkFunction(name: string, slow: SlowFunction, drawn: Scenario): void {
  const views = viewsOf(drawn);
  const { rangeMs, offsetMs, startMs, stepMs, steps } = drawn.times;
  const argument = `series_total[${rangeMs}ms] offset ${offsetMs < 0 ? '-' : ''}${Math.abs(offsetMs)}ms`;
  const text = name === 'quantile_over_time' ? `${name}(0.7, ${argument})` : `${name}(${argument})`;
  const parsed = parseExpr(text, { features: allFeatures });
  if (!parsed.ok) throw new Error(parsed.error.message);
  const source = { select: () => views };
  const { series } = rangeQuery(source, parsed.expr, startMs, startMs + (steps - 1) * stepMs, stepMs);
  const results = new Map(series.map((one) => [one.labels.get('id'), one]));
  for (const view of views) {
    const samples = slowSamples(view);
    const result = results.get(view.labels.get('id'));
    for (let i = 0; i < steps; i++) {
      const atMs = startMs + i * stepMs;
      const window = windowOf(samples, atMs - offsetMs, rangeMs);
      const expected = slow(window);
      const point = result ? result.times.indexOf(atMs) : -1;
      const actual = point < 0 ? undefined : result!.values[point]!;
      const magnitude = window.samples.reduce((sum, { value }) => sum + Math.abs(value), 0);
      const scale = name === 'stdvar_over_time' ? magnitude ** 2 : magnitude;
      const agrees =
        expected === undefined || actual === undefined
          ? expected === actual
          : isClose(actual, expected, Number.isFinite(scale) ? scale : Number.MAX_VALUE);
      if (!agrees) throw new Error(`${text} at ${atMs}: expected ${expected}, got ${actual}`);
    }
  }
}

it.each(Object.entries(slowFunctions))('%s agrees with the slow evaluator', (name, slow) => {
  fc.assert(
    fc.property(scenario, (drawn) => checkFunction(name, slow, drawn)),
    { numRuns: 150 },
  );
});

it('looks long windows over as it does short ones', () => {
  const length = 400;
  // Finite values of very different sizes: what running sums could lose.
  const finite = fc.oneof(
    { weight: 200, arbitrary: fc.integer({ min: -50, max: 50 }) },
    { weight: 1, arbitrary: fc.constantFrom(1e300, -1e300, 1e25) },
  );
  const ofLength = { minLength: length, maxLength: length };
  const slots = fc.oneof(fc.array(anyValue, ofLength), fc.array(finite, ofLength));
  fc.assert(
    fc.property(slots, (values) => {
      const drawn: Scenario = {
        times: {
          gapsMs: values.map(() => 15_000),
          rangeMs: 1_200_000,
          stepMs: 15_000,
          offsetMs: 0,
          steps: 300,
          startMs: 0,
        },
        series: [
          { slots: values.map((value) => ({ state: present, value })), first: 0, last: length, offset: 0 },
        ],
      };
      for (const name of ['sum_over_time', 'avg_over_time', 'min_over_time', 'max_over_time', 'increase']) {
        checkFunction(name, slowFunctions[name]!, drawn);
      }
    }),
    { numRuns: 40 },
  );
});
