// What `load_with_nhcb` adds: the classic histograms of the block once more, as native ones with custom buckets.

import type { Labels } from '../../../src/base/labels.ts';
import { parseFloatText } from '../../../src/promql/syntax/numbers.ts';
import {
  customBucketsSchema,
  type NativeHistogram,
  noBuckets,
} from '../../../src/telemetry/metrics/native-histogram.ts';
import type { SeriesLine } from './series-notation.ts';

interface ClassicSample {
  readonly buckets: Map<number, number>;
  count: number | undefined;
  sum: number;
}

/** The series, each point at its place in the sequence; points that no classic series has are left out. */
export function customHistograms(
  lines: readonly SeriesLine[],
): { labels: Labels; samples: Map<number, NativeHistogram> }[] {
  const found = new Map<string, { labels: Labels; samples: Map<number, ClassicSample> }>();
  for (const { labels, points } of lines) {
    const [, base, suffix] = /^(.*)_(bucket|count|sum)$/.exec(labels.name) ?? [];
    const bound = parseFloatText(labels.get('le'));
    if (base === undefined || (suffix === 'bucket' && (bound === undefined || Number.isNaN(bound)))) continue;
    const own = labels.without('le').with({ __name__: base });
    const series = found.get(own.key) ?? { labels: own, samples: new Map<number, ClassicSample>() };
    found.set(own.key, series);
    for (const [i, point] of points.entries()) {
      if (point.kind !== 'float') continue;
      const sample = series.samples.get(i) ?? { buckets: new Map(), count: undefined, sum: 0 };
      series.samples.set(i, sample);
      if (suffix === 'bucket') sample.buckets.set(bound!, point.value);
      else if (suffix === 'count') sample.count = point.value;
      else sample.sum = point.value;
    }
  }
  return [...found.values()].map(({ labels, samples }) => {
    const inOrder = [...samples].sort(([a], [b]) => a - b);
    return { labels, samples: new Map(inOrder.map(([i, sample]) => [i, converted(sample)] as const)) };
  });
}

function converted({ buckets, count, sum }: ClassicSample): NativeHistogram {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = count ?? sorted.at(-1)?.[1] ?? 0;
  if (sorted.at(-1)?.[0] !== Number.POSITIVE_INFINITY) sorted.push([Number.POSITIVE_INFINITY, total]);
  const counts = sorted.map(([, cumulative], i) => cumulative - (sorted[i - 1]?.[1] ?? 0));
  const filled = counts.flatMap((one, i) => (one === 0 ? [] : [i]));
  return {
    schema: customBucketsSchema,
    count: total,
    sum,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: { indexes: Int32Array.from(filled), counts: Float64Array.from(filled, (i) => counts[i]!) },
    negative: noBuckets,
    customBounds: Float64Array.from(sorted.slice(0, -1), ([bound]) => bound),
    resetHint: 'unknown',
  };
}
