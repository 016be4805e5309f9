import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { createMatcher } from '../../src/base/matcher.ts';
import {
  bucketsFromSpans,
  customBucketsSchema,
  equalHistograms,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
} from '../../src/telemetry/metrics/native-histogram.ts';
import { absent, histogramPresent, present, stale } from '../../src/telemetry/metrics/series.ts';
import { type BatchSample, SeriesStore } from '../../src/telemetry/metrics/store.ts';

const labels = Labels.from({ __name__: 'h', job: 'a' });
const other = Labels.from({ __name__: 'f', job: 'a' });

/** Counts in the buckets 0, 1, 2, … */
function histogram(counts: readonly number[], changes: Partial<NativeHistogram> = {}): NativeHistogram {
  return {
    schema: 0,
    count: counts.reduce((sum, one) => sum + one, 0),
    sum: 1,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: bucketsFromSpans([{ offset: 0, length: counts.length }], counts),
    negative: noBuckets,
    customBounds: undefined,
    resetHint: 'unknown',
    ...changes,
  };
}

type Step = NativeHistogram | number | 'stale' | 'gap';

/** One sample a second; in the seconds of gaps another series of the source is there. */
function storeOf(steps: readonly Step[], more: Partial<BatchSample> = {}): SeriesStore {
  const store = new SeriesStore();
  steps.forEach((step, i) => {
    const atMs = (i + 1) * 1000;
    const samples: BatchSample[] = [{ labels: other, value: i }];
    if (typeof step === 'number') samples.push({ labels, value: step, ...more });
    else if (step === 'stale') samples.push({ labels, value: 0, stale: true });
    else if (step !== 'gap') samples.push({ labels, value: 0, histogram: step, ...more });
    store.appendBatch({ source: 's', atMs, samples });
  });
  return store;
}

function viewOf(store: SeriesStore) {
  const [view] = store.select([createMatcher('__name__', '=', 'h')], 0, 1e9);
  return view!;
}

function hintsOf(steps: readonly Step[]): (ResetHint | undefined)[] {
  const { histograms, offset, first, last } = viewOf(storeOf(steps));
  return Array.from({ length: last - first }, (_, i) => histograms?.[first - offset + i]?.resetHint);
}

describe('buckets', () => {
  it('stand where their spans say', () => {
    const spans = [
      { offset: -2, length: 2 },
      { offset: 3, length: 0 },
      { offset: 1, length: 1 },
    ];
    expect([...bucketsFromSpans(spans, [5, 6, 7]).indexes]).toEqual([-2, -1, 4]);
    expect(() => bucketsFromSpans(spans, [5, 6, 7, 8])).toThrow('more bucket counts');
  });

  it('are equal whether empty ones are listed or not', () => {
    expect(equalHistograms(histogram([1, 0, 2]), histogram([1, 0, 2, 0]))).toBe(true);
    expect(equalHistograms(histogram([1, 2]), histogram([2, 1]))).toBe(false);
    expect(equalHistograms(histogram([1], { sum: Number.NaN }), histogram([1], { sum: Number.NaN }))).toBe(
      true,
    );
  });
});

describe('the store', () => {
  it('keeps histograms beside floats, gaps and stale markers', () => {
    const [a, b] = [histogram([1]), histogram([2])];
    const { states, histograms, values, offset, first, last } = viewOf(storeOf([a, 'gap', 7, 'stale', b]));
    const slots = Array.from({ length: last - first }, (_, i) => first - offset + i);
    expect(slots.map((slot) => states[slot])).toEqual([
      histogramPresent,
      absent,
      present,
      stale,
      histogramPresent,
    ]);
    expect(slots.map((slot) => histograms?.[slot]?.count)).toEqual([1, undefined, undefined, undefined, 2]);
    expect(values[slots[2]!]).toBe(7);
  });

  it('gives a series of floats no column for them', () => {
    const { histograms, starts } = viewOf(storeOf([1, 2]));
    expect([histograms, starts]).toEqual([undefined, undefined]);
  });

  it('keeps start timestamps, also of a series that leaves the rhythm of its source', () => {
    const store = storeOf([1, 'gap', 3], { startMs: 500 });
    store.appendBatch({ source: 'elsewhere', atMs: 9000, samples: [{ labels, value: 4 }] });
    const { column, starts, first, last } = viewOf(store);
    expect([...column.times.slice(first, last)]).toEqual([1000, 3000, 9000]);
    expect([...starts!.slice(0, 3)]).toEqual([500, 500, 0]);
  });

  it('takes a histogram that comes twice for the same, and drops one that differs', () => {
    const store = storeOf([histogram([1])]);
    const again = (one: NativeHistogram) =>
      store.appendBatch({ source: 's', atMs: 1000, samples: [{ labels, value: 0, histogram: one }] });
    again(histogram([1]));
    expect(store.droppedCount).toBe(0);
    again(histogram([2]));
    expect(store.droppedCount).toBe(1);
    expect(viewOf(store).histograms?.[0]?.count).toBe(1);
  });
});

describe('the hint that is kept', () => {
  const bounds = (...of: number[]) => ({ schema: customBucketsSchema, customBounds: Float64Array.from(of) });

  it.each<[string, Step[], (ResetHint | undefined)[]]>([
    ['rises', [histogram([1]), histogram([2]), histogram([2, 1])], ['unknown', 'notReset', 'notReset']],
    ['falls', [histogram([3]), histogram([2]), histogram([2])], ['unknown', 'unknown', 'notReset']],
    ['moves between buckets', [histogram([2, 0]), histogram([1, 2])], ['unknown', 'unknown']],
    ['follows a stale marker', [histogram([1]), 'stale', histogram([2])], ['unknown', undefined, 'unknown']],
    ['follows a float', [histogram([1]), 5, histogram([2])], ['unknown', undefined, 'unknown']],
    ['follows a gap', [histogram([1]), 'gap', histogram([2])], ['unknown', undefined, 'notReset']],
    ['has another schema', [histogram([1]), histogram([2], { schema: 1 })], ['unknown', 'unknown']],
    ['has other bounds', [histogram([1], bounds(1)), histogram([2], bounds(2))], ['unknown', 'unknown']],
    ['says so', [histogram([1]), histogram([2], { resetHint: 'reset' })], ['unknown', 'unknown']],
    ['is a gauge', [histogram([1], { resetHint: 'gauge' }), histogram([2])], ['gauge', 'unknown']],
  ])('when it %s', (_, steps, expected) => {
    expect(hintsOf(steps)).toEqual(expected);
  });
});
