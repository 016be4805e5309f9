// Sum and mean of many histograms, each count with Kahan's compensation.

import {
  type Buckets,
  type NativeHistogram,
  type ResetHint,
  sameBounds,
  usesCustomBuckets,
} from '../../telemetry/metrics/native-histogram.ts';
import { KahanSum } from '../kahan.ts';
import { combinedHint, divide } from './arithmetic.ts';
import { CompensatedBuckets } from './compensated-buckets.ts';
import { commonLayout } from './layout.ts';

export interface Totalled {
  /** Undefined when the histograms could not be added to each other. */
  readonly histogram: NativeHistogram | undefined;
  /** Position of the first histogram whose layout did not fit those before it. */
  readonly incompatibleAt: number | undefined;
  readonly reconciled: boolean;
  readonly conflictingHints: boolean;
}

export function sumOfHistograms(histograms: readonly NativeHistogram[]): Totalled {
  return totalled(histograms, (members) => {
    const total = new Total(members[0]!);
    for (let i = 1; i < members.length; i++) total.add(members[i]!);
    return total;
  });
}

/** The sum divided by the count, or the running mean from where the sum would overflow. */
export function meanOfHistograms(histograms: readonly NativeHistogram[]): Totalled {
  return totalled(histograms, (members) => {
    const total = new Total(members[0]!);
    for (let i = 1; i < members.length; i++) {
      total.add(members[i]!);
      if (total.hasOverflow()) return runningMean(members, i);
    }
    total.scale((value) => value / members.length);
    return total;
  });
}

/** The sum of the members before `from` can still be held. */
function runningMean(members: readonly NativeHistogram[], from: number): Total {
  const mean = new Total(members[0]!);
  for (let i = 1; i < from; i++) mean.add(members[i]!);
  mean.scale((value) => value / from);
  for (let i = from; i < members.length; i++) {
    const share = i / (i + 1);
    mean.scale((value) => value * share);
    mean.add(divide(members[i]!, i + 1));
  }
  return mean;
}

function totalled(
  histograms: readonly NativeHistogram[],
  compute: (members: readonly NativeHistogram[]) => Total,
): Totalled {
  const isCustom = usesCustomBuckets(histograms[0]!);
  const misfit = histograms.findIndex((one) => usesCustomBuckets(one) !== isCustom);
  const total = compute(misfit < 0 ? histograms : histograms.slice(0, misfit));
  const hints = new Set<ResetHint>(histograms.map(({ resetHint }) => resetHint));
  return {
    histogram: misfit < 0 ? total.histogram() : undefined,
    incompatibleAt: misfit < 0 ? undefined : misfit,
    reconciled: total.reconciled,
    conflictingHints: hints.has('reset') && hints.has('notReset'),
  };
}

type Layout = Pick<NativeHistogram, 'schema' | 'zeroThreshold' | 'customBounds' | 'resetHint'>;

class Total {
  /** Custom bounds differed somewhere, and only common ones are left. */
  reconciled = false;
  #layout: Layout;
  readonly #count = new KahanSum();
  readonly #sum = new KahanSum();
  readonly #zeroCount = new KahanSum();
  #positive: CompensatedBuckets;
  #negative: CompensatedBuckets;

  constructor(first: NativeHistogram) {
    this.#layout = first;
    this.#positive = new CompensatedBuckets(first.positive);
    this.#negative = new CompensatedBuckets(first.negative);
    // As they are: an infinity is no overflow yet.
    this.#count.sum = first.count;
    this.#sum.sum = first.sum;
    this.#zeroCount.sum = first.zeroCount;
  }

  /** Both are exponential, or both have custom buckets. */
  add(other: NativeHistogram): void {
    const fitting = this.#hasLayoutOf(other) ? other : this.#meet(other);
    this.#count.add(fitting.count);
    this.#sum.add(fitting.sum);
    this.#zeroCount.add(fitting.zeroCount);
    this.#positive.add(fitting.positive);
    this.#negative.add(fitting.negative);
    const { hint: resetHint } = combinedHint(this.#layout.resetHint, other.resetHint);
    if (resetHint !== this.#layout.resetHint) this.#layout = { ...this.#layout, resetHint };
  }

  scale(compute: (value: number) => number): void {
    for (const one of [this.#count, this.#sum, this.#zeroCount]) {
      one.sum = compute(one.sum);
      one.compensation = compute(one.compensation);
    }
    this.#positive.scale(compute);
    this.#negative.scale(compute);
  }

  hasOverflow(): boolean {
    const numbers = [this.#count.sum, this.#sum.sum, this.#zeroCount.sum];
    if (numbers.some(isInfinite) || this.#layout.customBounds?.some(isInfinite)) return true;
    return this.#positive.sums.some(isInfinite) || this.#negative.sums.some(isInfinite);
  }

  histogram(): NativeHistogram {
    const of = ({ sum, compensation }: KahanSum) => sum + compensation;
    return this.#with(of, (buckets) => buckets.total());
  }

  #hasLayoutOf({ schema, zeroThreshold, customBounds }: NativeHistogram): boolean {
    const own = this.#layout;
    return (
      schema === own.schema &&
      zeroThreshold === own.zeroThreshold &&
      sameBounds(customBounds, own.customBounds)
    );
  }

  /** Brings the total to a layout that it has in common with `other`, and returns `other` in it. */
  #meet(other: NativeHistogram): NativeHistogram {
    const sums = this.#with(
      ({ sum }) => sum,
      ({ indexes, sums: counts }) => ({ indexes, counts }),
    );
    const lost = this.#with(
      ({ compensation }) => compensation,
      ({ indexes, compensations: counts }) => ({ indexes, counts }),
    );
    const { left, right, reconciled } = commonLayout(sums, other)!;
    // The compensations meet nothing, in the layout of the sums.
    const nothing = { ...left, zeroCount: 0, positive: none(left.positive), negative: none(left.negative) };
    const leftLost = commonLayout(lost, nothing)!.left;
    this.#layout = { ...left, resetHint: this.#layout.resetHint };
    this.#zeroCount.sum = left.zeroCount;
    this.#zeroCount.compensation = leftLost.zeroCount;
    this.#positive = new CompensatedBuckets(left.positive, leftLost.positive);
    this.#negative = new CompensatedBuckets(left.negative, leftLost.negative);
    this.reconciled ||= reconciled;
    return right;
  }

  #with(number: (sum: KahanSum) => number, buckets: (side: CompensatedBuckets) => Buckets): NativeHistogram {
    const { schema, zeroThreshold, customBounds, resetHint } = this.#layout;
    return {
      schema,
      count: number(this.#count),
      sum: number(this.#sum),
      zeroThreshold,
      zeroCount: number(this.#zeroCount),
      positive: buckets(this.#positive),
      negative: buckets(this.#negative),
      customBounds,
      resetHint,
    };
  }
}

function none({ indexes }: Buckets): Buckets {
  return { indexes, counts: new Float64Array(indexes.length) };
}

function isInfinite(value: number): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
}
