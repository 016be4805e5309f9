// Classic histograms: series that differ only in `le` are the cumulative buckets of one histogram. Bounds are read and
// sorted once; each step then looks at the buckets that have a sample.

import type { Labels } from '../../../base/labels.ts';
import type { QueryContext } from '../../query-context.ts';
import { parseFloatText } from '../../syntax/numbers.ts';
import { quote } from '../../syntax/quote.ts';
import type { Series, VectorValue } from '../../values.ts';

/** Buckets at one step, in rising order of bounds; counts are cumulative. */
export interface Buckets {
  bounds: Float64Array;
  counts: Float64Array;
  length: number;
}

export interface ClassicHistogram {
  /** Labels of its series without `le`; the metric name is still there. */
  readonly labels: Labels;
  readonly dropName: boolean;
  /** Sorted by bound; several may have the same one, written differently. */
  readonly buckets: readonly { readonly bound: number; readonly series: Series }[];
}

/** Groups the series of a vector into histograms. A series without a readable `le` is left out with a warning. */
export function groupHistograms(
  context: QueryContext,
  argument: VectorValue,
  argumentStart: number,
): ClassicHistogram[] {
  const groups = new Map<
    string,
    { labels: Labels; dropName: boolean; buckets: { bound: number; series: Series }[] }
  >();
  for (const series of argument.series) {
    const le = series.labels.get('le');
    const bound = parseFloatText(le);
    if (bound === undefined) {
      // Only delayed name removal still knows the name here.
      const name = context.delayedNameRemoval ? series.labels.name : '';
      const suffix = name === '' ? '' : ` for metric name ${quote(name)}`;
      const text = `bucket label "le" is missing or has a malformed value of ${quote(le)}${suffix}`;
      context.annotations.warn(text, argumentStart);
      continue;
    }
    const labels = series.labels.without('le');
    let group = groups.get(labels.key);
    if (!group) {
      group = { labels, dropName: series.dropName, buckets: [] };
      groups.set(labels.key, group);
    }
    group.buckets.push({ bound, series });
  }
  for (const { buckets } of groups.values()) buckets.sort((a, b) => a.bound - b.bound);
  return [...groups.values()];
}

/** The buckets of a histogram at a step, those of one bound added up, in arrays that every step uses again. */
export class BucketReader {
  readonly #histogram: ClassicHistogram;
  readonly #buckets: Buckets;

  constructor(histogram: ClassicHistogram) {
    this.#histogram = histogram;
    const { length } = histogram.buckets;
    this.#buckets = { bounds: new Float64Array(length), counts: new Float64Array(length), length: 0 };
  }

  at(step: number): Buckets {
    const { bounds, counts } = this.#buckets;
    let length = 0;
    for (const { bound, series } of this.#histogram.buckets) {
      if (!series.presence[step]) continue;
      const count = series.values[step]!;
      if (length > 0 && bounds[length - 1] === bound) {
        counts[length - 1]! += count;
        continue;
      }
      bounds[length] = bound;
      counts[length] = count;
      length++;
    }
    this.#buckets.length = length;
    return this.#buckets;
  }
}
