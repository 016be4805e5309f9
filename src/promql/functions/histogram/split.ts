// A vector's native and classic histograms apart. Where a step has both under the same labels nobody can say which is
// meant: neither is looked at there.

import type { QueryContext } from '../../query-context.ts';
import { quote } from '../../syntax/quote.ts';
import { countPresent, floatsOnly, type Series, type VectorValue, vector } from '../../values.ts';
import { type ClassicHistogram, groupHistograms } from './classic.ts';

export interface SplitHistograms {
  /** Every sample of these is a histogram. */
  readonly native: readonly Series[];
  readonly classic: readonly ClassicHistogram[];
}

export function splitHistograms(
  context: QueryContext,
  argument: VectorValue,
  start: number,
): SplitHistograms {
  const classic = groupHistograms(context, vector(floatsOnly(argument.series)), start);
  const native = argument.series.flatMap(histogramsOnly);
  if (native.length === 0 || classic.length === 0) return { native, classic };
  const byKey = new Map(classic.map((one) => [one.labels.key, one]));
  const excluded = new Map<ClassicHistogram, Uint8Array>();
  const kept = native.flatMap((one) => {
    const other = byKey.get(one.labels.key);
    if (!other) return [one];
    const both = one.presence.map((held, i) =>
      held && other.buckets.some(({ series }) => series.presence[i]) ? 1 : 0,
    );
    if (countPresent(both) === 0) return [one];
    // Only delayed name removal still knows the name here.
    const name = context.delayedNameRemoval ? one.labels.name : '';
    const suffix = name === '' ? '' : ` for metric name ${quote(name)}`;
    context.annotations.warn(`vector contains a mix of classic and native histograms${suffix}`, start);
    excluded.set(other, both);
    return [without(one, both)];
  });
  return { native: kept, classic: classic.map((one) => withoutSteps(one, excluded.get(one))) };
}

function histogramsOnly(series: Series): Series[] {
  const { presence, histograms } = series;
  if (!histograms) return [];
  return [{ ...series, presence: presence.map((held, i) => (held && histograms[i] ? 1 : 0)) }];
}

function without(series: Series, steps: Uint8Array): Series {
  return { ...series, presence: series.presence.map((held, i) => (steps[i] ? 0 : held)) };
}

function withoutSteps(histogram: ClassicHistogram, steps: Uint8Array | undefined): ClassicHistogram {
  if (!steps) return histogram;
  const buckets = histogram.buckets.map((bucket) => ({ ...bucket, series: without(bucket.series, steps) }));
  return { ...histogram, buckets };
}
