// Sum and mean of many histograms, each count with Kahan's compensation.

import {
  type Buckets,
  type NativeHistogram,
  type ResetHint,
  usesCustomBuckets,
} from '../../telemetry/metrics/native-histogram.ts';
import { compensate } from '../kahan.ts';
import { add, combinedHint, divide, multiply } from './arithmetic.ts';
import { commonLayout } from './layout.ts';

export interface Totalled {
  /** Undefined when the histograms could not be added to each other. */
  readonly histogram: NativeHistogram | undefined;
  /** Position of the first histogram whose layout did not fit those before it. */
  readonly incompatibleAt: number | undefined;
  readonly reconciled: boolean;
  readonly conflictingHints: boolean;
}

/** Sum and compensation beside each other, in one layout. */
interface Compensated {
  readonly value: NativeHistogram;
  readonly compensation: NativeHistogram;
  readonly reconciled: boolean;
}

export function sumOfHistograms(histograms: readonly NativeHistogram[]): Totalled {
  return total(histograms, (members) => {
    let sum = start(members[0]!);
    for (const member of members.slice(1)) sum = plus(sum, member);
    return { ...sum, value: settled(sum) };
  });
}

/** The sum divided by the count, or the running mean from where the sum would overflow. */
export function meanOfHistograms(histograms: readonly NativeHistogram[]): Totalled {
  return total(histograms, (members) => {
    let sum = start(members[0]!);
    for (let i = 1; i < members.length; i++) {
      const next = plus(sum, members[i]!);
      if (hasOverflow(next.value)) return runningMean(sum, members, i);
      sum = next;
    }
    const scaled = scaledBy(sum, (one) => divide(one, members.length));
    return { ...scaled, value: settled(scaled) };
  });
}

/** `sum` is that of the members before `from`. */
function runningMean(sum: Compensated, members: readonly NativeHistogram[], from: number): Compensated {
  let mean = scaledBy(sum, (one) => divide(one, from));
  for (let i = from; i < members.length; i++) {
    const count = i + 1;
    const share = scaledBy(mean, (one) => multiply(one, (count - 1) / count));
    mean = plus(share, divide(members[i]!, count));
  }
  return { ...mean, value: settled(mean) };
}

function total(
  histograms: readonly NativeHistogram[],
  compute: (members: readonly NativeHistogram[]) => Compensated,
): Totalled {
  const first = histograms[0]!;
  const isCustom = usesCustomBuckets(first);
  const misfit = histograms.findIndex((one) => usesCustomBuckets(one) !== isCustom);
  const members = misfit < 0 ? histograms : histograms.slice(0, misfit);
  const { value, reconciled } = compute(members);
  const hints = new Set<ResetHint>(histograms.map(({ resetHint }) => resetHint));
  return {
    histogram: misfit < 0 ? value : undefined,
    incompatibleAt: misfit < 0 ? undefined : misfit,
    reconciled,
    conflictingHints: hints.has('reset') && hints.has('notReset'),
  };
}

const empty = (counts: Float64Array) => new Float64Array(counts.length);

function start(value: NativeHistogram): Compensated {
  return { value, compensation: zeroOf(value), reconciled: false };
}

/** Nothing, in the layout of `value`. */
function zeroOf(value: NativeHistogram): NativeHistogram {
  return {
    ...value,
    count: 0,
    sum: 0,
    zeroCount: 0,
    positive: { ...value.positive, counts: empty(value.positive.counts) },
    negative: { ...value.negative, counts: empty(value.negative.counts) },
  };
}

function plus({ value, compensation, reconciled }: Compensated, other: NativeHistogram): Compensated {
  const layout = commonLayout(value, other)!;
  // The compensation has the layout of the sum, so it takes the same way to the common one.
  const lost = commonLayout(compensation, zeroOf(layout.left))!.left;
  const { left: a, right: b } = layout;
  const [count, countLost] = plusOne(a.count, lost.count, b.count);
  const [sum, sumLost] = plusOne(a.sum, lost.sum, b.sum);
  const [zeroCount, zeroLost] = plusOne(a.zeroCount, lost.zeroCount, b.zeroCount);
  const [positive, positiveLost] = plusBuckets(a.positive, lost.positive, b.positive);
  const [negative, negativeLost] = plusBuckets(a.negative, lost.negative, b.negative);
  const { hint: resetHint } = combinedHint(value.resetHint, other.resetHint);
  return {
    value: { ...a, count, sum, zeroCount, positive, negative, resetHint },
    compensation: {
      ...a,
      count: countLost,
      sum: sumLost,
      zeroCount: zeroLost,
      positive: positiveLost,
      negative: negativeLost,
      resetHint,
    },
    reconciled: reconciled || layout.reconciled,
  };
}

function plusOne(held: number, lost: number, more: number): [total: number, lost: number] {
  const sum = held + more;
  return [sum, compensate(held, more, sum, lost)];
}

function plusBuckets(held: Buckets, lost: Buckets, more: Buckets): [Buckets, Buckets] {
  const entries = new Map<number, [total: number, lost: number]>();
  for (let i = 0; i < held.indexes.length; i++) entries.set(held.indexes[i]!, [held.counts[i]!, 0]);
  for (let i = 0; i < lost.indexes.length; i++) {
    const entry = entries.get(lost.indexes[i]!);
    if (entry) entry[1] = lost.counts[i]!;
    else entries.set(lost.indexes[i]!, [0, lost.counts[i]!]);
  }
  for (let i = 0; i < more.indexes.length; i++) {
    const [total, compensation] = entries.get(more.indexes[i]!) ?? [0, 0];
    entries.set(more.indexes[i]!, plusOne(total, compensation, more.counts[i]!));
  }
  const sorted = [...entries].sort(([a], [b]) => a - b);
  const indexes = Int32Array.from(sorted, ([index]) => index);
  return [
    { indexes, counts: Float64Array.from(sorted, ([, [count]]) => count) },
    { indexes, counts: Float64Array.from(sorted, ([, [, compensation]]) => compensation) },
  ];
}

function scaledBy(
  { value, compensation, reconciled }: Compensated,
  scale: (histogram: NativeHistogram) => NativeHistogram,
): Compensated {
  return { value: scale(value), compensation: scale(compensation), reconciled };
}

function settled({ value, compensation }: Compensated): NativeHistogram {
  return { ...add(value, compensation)!.histogram, resetHint: value.resetHint };
}

function hasOverflow({ count, sum, zeroCount, positive, negative, customBounds }: NativeHistogram): boolean {
  const isInfinite = (value: number) => Math.abs(value) === Number.POSITIVE_INFINITY;
  if (isInfinite(count) || isInfinite(sum) || isInfinite(zeroCount)) return true;
  return [positive.counts, negative.counts, customBounds].some((values) => values?.some(isInfinite));
}
