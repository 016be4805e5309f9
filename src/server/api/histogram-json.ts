// Native histograms in results: count, sum, and the buckets that hold anything, from the lowest on. The number before
// a bucket's bounds says which of them belong to it: 0 the upper, 1 the lower, 2 neither, 3 both.

import { type Buckets, type NativeHistogram, upperBound } from '../../telemetry/metrics/native-histogram.ts';
import { valueText } from './value-text.ts';

export function histogramJson(histogram: NativeHistogram): string {
  const { count, sum, zeroCount, zeroThreshold, positive, negative } = histogram;
  const buckets: string[] = [];
  each(negative, (index, held) =>
    buckets.push(bucket(1, -upperBound(index, histogram), -upperBound(index - 1, histogram), held)),
  );
  buckets.reverse();
  if (zeroCount !== 0) buckets.push(bucket(3, -zeroThreshold, zeroThreshold, zeroCount));
  each(positive, (index, held) =>
    buckets.push(bucket(0, upperBound(index - 1, histogram), upperBound(index, histogram), held)),
  );
  const held = buckets.length > 0 ? `,"buckets":[${buckets.join(',')}]` : '';
  return `{"count":"${valueText(count)}","sum":"${valueText(sum)}"${held}}`;
}

function each({ indexes, counts }: Buckets, visit: (index: number, count: number) => void): void {
  for (let i = 0; i < indexes.length; i++) if (counts[i] !== 0) visit(indexes[i]!, counts[i]!);
}

function bucket(bounds: 0 | 1 | 3, lower: number, upper: number, count: number): string {
  return `[${bounds},"${valueText(lower)}","${valueText(upper)}","${valueText(count)}"]`;
}
