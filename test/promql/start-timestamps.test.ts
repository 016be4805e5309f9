import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { instantQuery } from '../../src/promql/engine.ts';
import { type FeatureName, noFeatures } from '../../src/promql/features.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { allFeatures } from './all-features.ts';

/** Samples a minute apart from time zero, each with the start that it claims. */
function storeOf(samples: readonly (readonly [value: number, startMs: number | undefined])[]): SeriesStore {
  const store = new SeriesStore();
  const labels = Labels.from({ __name__: 'c_total' });
  samples.forEach(([value, startMs], i) => {
    const atMs = i * 60_000;
    const sample = { labels, value, atMs, ...(startMs !== undefined && { startMs }) };
    store.appendBatch({ source: 's', atMs, samples: [sample] });
  });
  return store;
}

function resultOf(
  store: SeriesStore,
  text: string,
  features: ReadonlySet<FeatureName> = new Set(['use-start-timestamps' as const]),
): number | undefined {
  const parsed = parseExpr(text, { features: allFeatures });
  if (!parsed.ok) throw new Error(parsed.error.message);
  const result = instantQuery(store, parsed.expr, 180_000, { features, text });
  if (result.type !== 'vector') throw new Error(`got a ${result.type}`);
  return result.samples[0]?.value;
}

describe('a start between two samples is a reset that the values do not show', () => {
  // At 90 s the counter began anew, and had passed its old value by 120 s.
  const store = storeOf([
    [10, undefined],
    [20, undefined],
    [25, 90_000],
    [30, 90_000],
  ]);

  it('for resets, increase and irate, where the feature is on', () => {
    expect(resultOf(store, 'resets(c_total[5m])')).toBe(1);
    expect(resultOf(store, 'resets(c_total[5m])', noFeatures)).toBe(0);
    expect(resultOf(store, 'irate(c_total[2m] @ 120)')).toBe(25 / 60);
    expect(resultOf(store, 'irate(c_total[2m] @ 120)', noFeatures)).toBe(5 / 60);
    // 40 in 180 s, and at that pace it was at zero 45 s before the first sample.
    expect(resultOf(store, 'increase(c_total[4m])')).toBeCloseTo(50, 9);
  });

  it('and is told by start_timestamp', () => {
    expect(resultOf(store, 'start_timestamp(c_total)')).toBe(90);
    expect(resultOf(store, 'start_timestamp(c_total @ 60)')).toBe(0);
    expect(resultOf(store, 'start_timestamp(c_total + 0)')).toBeUndefined();
    expect(resultOf(store, 'start_timestamp(c_total)', noFeatures)).toBeUndefined();
  });
});

it('one sample is enough where its start lies in the range', () => {
  const store = storeOf([
    [6, 0],
    [6, undefined],
    [6, undefined],
    [12, 150_000],
  ]);
  expect(resultOf(store, 'increase(c_total[50s])')).toBe(12);
  expect(resultOf(store, 'increase(c_total[50s])', noFeatures)).toBeUndefined();
});

it('a start that overlaps the sample before is warned of, once a step', () => {
  const store = storeOf([
    [1, 1],
    [2, 1],
    [3, 30_000],
    [4, 30_000],
  ]);
  const text = 'rate(c_total[5m])';
  const parsed = parseExpr(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const { warnings } = instantQuery(store, parsed.expr, 180_000, { features: allFeatures, text });
  expect(warnings).toEqual([
    'PromQL warning: sample has start time that overlaps with previous sample timestamp for metric "c_total" (1:6)',
  ]);
});
