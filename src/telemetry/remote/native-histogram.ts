// Native histograms as the query API shows them: count, sum, and [rule, lower, upper, count] for each bucket that holds
// something, where rule 0 stands for a positive bucket, 1 for a negative one and 3 for the zero bucket.
// https://prometheus.io/docs/prometheus/latest/querying/api/#native-histograms
//
// The answer names no schema: it follows from how far a bucket's bounds lie apart. Bounds that fit no schema are custom
// ones. Empty buckets are not shown, so that what was seen of a series before helps to read what comes later.

import { parseNumber } from '../metrics/exposition/number.ts';
import {
  type Buckets,
  customBucketsSchema,
  exponentialSchemaMax,
  exponentialSchemaMin,
  type NativeHistogram,
  noBuckets,
  upperBound,
} from '../metrics/native-histogram.ts';

interface ShownBucket {
  readonly rule: number;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

export interface ShownHistogram {
  readonly count: number;
  readonly sum: number;
  readonly buckets: readonly ShownBucket[];
}

/** Undefined when it is none. */
export function shownHistogram(written: unknown): ShownHistogram | undefined {
  if (typeof written !== 'object' || written === null) return undefined;
  const { count: countText, sum: sumText, buckets: list = [] } = written as Record<string, unknown>;
  const [count, sum] = [numberOf(countText), numberOf(sumText)];
  if (count === undefined || sum === undefined || !Array.isArray(list)) return undefined;
  const buckets: ShownBucket[] = [];
  for (const each of list) {
    if (!Array.isArray(each)) return undefined;
    const [lower, upper, held] = [numberOf(each[1]), numberOf(each[2]), numberOf(each[3])];
    if (typeof each[0] !== 'number' || lower === undefined || upper === undefined || held === undefined)
      return undefined;
    buckets.push({ rule: each[0], lower, upper, count: held });
  }
  return { count, sum, buckets };
}

function numberOf(text: unknown): number | undefined {
  return typeof text === 'string' ? parseNumber(text, 0, text.length) : undefined;
}

/** Where Prometheus's clients set no other. */
const zeroThresholdDefault = 2 ** -128;
/** Bounds are printed with all their digits; another library's powers may differ in the last. */
const relativeError = 1e-9;

/** Reads the histograms of one series, in the order of their times. */
export class HistogramReader {
  readonly #bounds = new Set<number>();
  #zeroThreshold = zeroThresholdDefault;
  #isCustom = false;

  read(shown: ShownHistogram): NativeHistogram {
    const zero = shown.buckets.find(({ rule }) => rule === 3);
    if (zero) this.#zeroThreshold = zero.upper;
    const schema = this.#isCustom ? undefined : schemaOf(shown.buckets);
    this.#isCustom = schema === undefined;
    return schema === undefined ? this.#custom(shown) : this.#exponential(shown, schema, zero?.count ?? 0);
  }

  #exponential(shown: ShownHistogram, schema: number, zeroCount: number): NativeHistogram {
    const { count, sum, buckets } = shown;
    const side = (rule: number, bound: (bucket: ShownBucket) => number) =>
      bucketsOf(
        buckets
          .filter((bucket) => bucket.rule === rule)
          .map((bucket): [number, number] => [indexOf(bound(bucket), schema), bucket.count]),
      );
    return {
      ...{ schema, count, sum, zeroThreshold: this.#zeroThreshold, zeroCount },
      positive: side(0, ({ upper }) => upper),
      negative: side(1, ({ lower }) => -lower),
      customBounds: undefined,
      resetHint: 'unknown',
    };
  }

  #custom({ count, sum, buckets }: ShownHistogram): NativeHistogram {
    for (const { lower, upper } of buckets)
      for (const bound of [lower, upper]) if (Number.isFinite(bound)) this.#bounds.add(bound);
    const customBounds = Float64Array.from(this.#bounds).sort();
    const positive = bucketsOf(
      buckets.map(({ upper, count: held }): [number, number] => {
        const index = customBounds.indexOf(upper);
        return [index < 0 ? customBounds.length : index, held];
      }),
    );
    const rest = { zeroThreshold: 0, zeroCount: 0, negative: noBuckets, resetHint: 'unknown' as const };
    return { schema: customBucketsSchema, count, sum, positive, customBounds, ...rest };
  }
}

/** Undefined when a bucket fits no schema. */
function schemaOf(buckets: readonly ShownBucket[]): number | undefined {
  let schema: number | undefined;
  for (const { rule, lower, upper } of buckets) {
    if (rule === 3) continue;
    const [near, far] = rule === 1 ? [-upper, -lower] : [lower, upper];
    const found = Math.round(-Math.log2(Math.log2(far / near)));
    if (!(near > 0) || found < exponentialSchemaMin || found > exponentialSchemaMax) return undefined;
    if (!Number.isFinite(found) || (schema !== undefined && found !== schema)) return undefined;
    const bound = upperBound(indexOf(far, found), { schema: found, customBounds: undefined });
    if (Math.abs(bound - far) > far * relativeError) return undefined;
    schema = found;
  }
  return schema ?? 0;
}

function indexOf(bound: number, schema: number): number {
  return Math.round(Math.log2(bound) * 2 ** schema);
}

function bucketsOf(entries: [index: number, count: number][]): Buckets {
  if (entries.length === 0) return noBuckets;
  entries.sort(([a], [b]) => a - b);
  return {
    indexes: Int32Array.from(entries, ([index]) => index),
    counts: Float64Array.from(entries, ([, count]) => count),
  };
}
