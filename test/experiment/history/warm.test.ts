// What a history is made of: continuous at the seam, at the baseline's rate, as dense as its readers need, and within its
// samples.

import { describe, expect, test } from 'vitest';
import { Labels } from '../../../src/base/labels.ts';
import { type Warmed, warm } from '../../../src/experiment/history/warm.ts';
import { WarmedSource } from '../../../src/experiment/history/warmed-source.ts';
import { instantQuery } from '../../../src/promql/engine.ts';
import { parseExpr } from '../../../src/promql/parser.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';
import { groups, minute, planFor, zero } from './outage.ts';

/** A store with a minute of samples, one a second; undefined is no sample. */
function minuteOf(series: Readonly<Record<string, (second: number) => number | undefined>>): SeriesStore {
  const store = new SeriesStore();
  for (let second = 0; second <= 60; second++) {
    const samples = Object.entries(series).flatMap(([text, valueAt]) => {
      const value = valueAt(second);
      return value === undefined ? [] : [{ labels: labelsOf(text), value }];
    });
    store.appendBatch({ source: 'app', atMs: zero + second * 1000, samples });
  }
  return store;
}

function labelsOf(text: string): Labels {
  const parsed = parseExpr(text);
  if (!parsed.ok || parsed.expr.kind !== 'vectorSelector') throw new Error(text);
  return Labels.from(parsed.expr.matchers.map(({ name, value }) => [name, value] as const));
}

function warmFor(live: SeriesStore, expr: string, more: { samplesMax?: number; lengthMsMax?: number } = {}) {
  const plan = { ...planFor(groups([{ name: 'a', rules: [{ alert: 'A', expr }] }]), minute), ...more };
  const steady = { steadyFromMs: zero, steadyToMs: zero + minute, joins: 'first' as const };
  return warm({ plan, live, ...steady, seed: 7, features: new Set() });
}

function valuesOf({ history }: Warmed, text: string): number[] {
  return [...history.get(labelsOf(text))!.values];
}

function ask(warmed: Warmed, live: SeriesStore, expr: string): number {
  const parsed = parseExpr(expr);
  if (!parsed.ok) throw new Error(expr);
  const result = instantQuery(new WarmedSource(warmed.history, live), parsed.expr, zero + minute);
  return result.type === 'vector' ? result.samples[0]!.value : Number.NaN;
}

describe('a counter', () => {
  const bursts = (second: number) => 1000 + 10 * second + (second % 10 < 3 ? 0 : 5);

  test('goes back at its rate, never decreases, and meets its first sample', () => {
    const live = minuteOf({ 'hits_total{}': bursts });
    const warmed = warmFor(live, 'rate(hits_total[1d]) > 1');
    const values = valuesOf(warmed, 'hits_total{}');
    expect(values.every((value, i) => i === 0 || value >= values[i - 1]!)).toBe(true);
    expect(values.at(-1)).toBeLessThanOrEqual(1000);
    // Twenty samples leave the edge of the range to extrapolation, which is careful where samples lie unevenly.
    expect(ask(warmed, live, 'rate(hits_total[1d])')).toBeGreaterThan(9.5);
    expect(ask(warmed, live, 'rate(hits_total[1d])')).toBeLessThan(10.1);
    expect(ask(warmed, live, 'rate(hits_total[23h])')).toBeGreaterThan(9.5);
    // Twenty samples in a day.
    expect(values).toHaveLength(20);
  });

  test('that was reset in the baseline has no reset in its history', () => {
    const live = minuteOf({ 'hits_total{}': (second) => (second < 30 ? 500 + second : second - 30) });
    const warmed = warmFor(live, 'resets(hits_total[1d]) > 1');
    expect(ask(warmed, live, 'resets(hits_total[1d])')).toBe(1);
  });

  test('that is born by its first error stood at zero before', () => {
    const live = minuteOf({
      'hits_total{code="200"}': (second) => 10 * second,
      'hits_total{code="500"}': (second) => (second < 40 ? undefined : 1),
    });
    const warmed = warmFor(live, 'rate(hits_total[1d]) > 1');
    const errors = ask(warmed, live, 'increase(hits_total{code="500"}[1d])');
    const hits = ask(warmed, live, 'increase(hits_total{code="200"}[1d])');
    // One in the minute, of 600.
    expect(errors / hits).toBeCloseTo(1 / 600, 4);
  });

  test('read by two ranges is as dense as the shorter one needs', () => {
    const live = minuteOf({ 'hits_total{}': bursts });
    const warmed = warmFor(live, 'rate(hits_total[1d]) > 1 and rate(hits_total[5m]) > 1');
    expect(warmed.history.sampleCount).toBe((24 * 60 * 60 - 60) / 15);
  });
});

test('the buckets of a histogram stay cumulative at every moment', () => {
  const live = minuteOf({
    'seconds_bucket{le="0.1"}': (second) => 3 * second + (second % 7 < 3 ? 0 : 1),
    'seconds_bucket{le="1"}': (second) => 5 * second + (second % 7 < 3 ? 0 : 2),
    'seconds_bucket{le="+Inf"}': (second) => 6 * second + (second % 7 < 3 ? 0 : 3),
  });
  const warmed = warmFor(live, 'histogram_quantile(0.9, rate(seconds_bucket[1h])) > 1');
  const [low, middle, high] = ['0.1', '1', '+Inf'].map((le) =>
    valuesOf(warmed, `seconds_bucket{le="${le}"}`),
  );
  const increases = (values: readonly number[]) => values.slice(1).map((value, i) => value - values[i]!);
  increases(low!).forEach((increase, i) => {
    expect(increase).toBeLessThanOrEqual(increases(middle!)[i]!);
    expect(increases(middle!)[i]!).toBeLessThanOrEqual(increases(high!)[i]!);
  });
});

describe('a level', () => {
  test('that grows has a history without trend, at the height where it began', () => {
    const live = minuteOf({ 'memory_bytes{}': (second) => 1000 + 10 * second + (second % 3) });
    const values = valuesOf(warmFor(live, 'max_over_time(memory_bytes[1d]) > 1'), 'memory_bytes{}');
    expect(Math.max(...values)).toBeLessThan(1010);
    expect(Math.min(...values)).toBeGreaterThan(990);
  });

  test('that goes up and down keeps its own values', () => {
    const live = minuteOf({ 'ready{}': (second) => (second % 20 === 7 ? 0 : 1) });
    const values = valuesOf(warmFor(live, 'min_over_time(ready[1d]) < 1'), 'ready{}');
    expect(new Set(values)).toEqual(new Set([0, 1]));
  });

  test('whose samples are counted gets them as near as the scrapes', () => {
    const live = minuteOf({ 'ready{}': (second) => (second % 20 === 7 ? 0 : 1) });
    const warmed = warmFor(live, 'avg_over_time(ready[1h]) < 0.5');
    expect(warmed.history.sampleCount).toBe(59 * 60);
    expect(ask(warmed, live, 'avg_over_time(ready[1h])')).toBeCloseTo(0.95, 1);
  });
});

describe('what stays cold is named', () => {
  const live = minuteOf({
    'hits_total{}': (second) => second,
    'late_total{}': (second) => (second < 60 ? undefined : 1),
  });

  test('beyond the samples: the longest windows first', () => {
    const expr = 'rate(hits_total[30d]) > 1 and rate(hits_total[1h]) > 1';
    const warmed = warmFor(live, expr, { samplesMax: 1000 });
    expect(warmed.cold).toEqual(['30d of hits_total, beyond 1000 samples']);
    expect(warmed.reachMs).toBeGreaterThan(50 * minute);
    expect(warmed.history.sampleCount).toBeLessThan(30);
  });

  test('beyond the length that was asked for', () => {
    const warmed = warmFor(live, 'rate(hits_total[30d]) > 1', { lengthMsMax: 24 * 60 * minute });
    expect(warmed.cold).toEqual(['30d of hits_total, beyond 1d of history']);
    expect(warmed.reachMs).toBeGreaterThan(22 * 60 * minute);
    expect(warmed.reachMs).toBeLessThan(26 * 60 * minute);
  });

  test('with nothing to go by', () => {
    const warmed = warmFor(
      minuteOf({ 'level{}': (second) => (second < 60 ? undefined : 1) }),
      'max_over_time(level[1d]) > 1',
    );
    expect(warmed.cold).toEqual(['level, with fewer than two samples in the baseline']);
  });
});

test('windows that the baseline fills need no history', () => {
  const live = minuteOf({ 'hits_total{}': (second) => second });
  expect(warmFor(live, 'rate(hits_total[30s]) > 1 and hits_total > 5').history.seriesCount).toBe(0);
});
