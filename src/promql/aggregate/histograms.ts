// sum and avg of a group with native histograms in it, step by step. A step that has floats as well yields nothing.

import { compact } from '../native/arithmetic.ts';
import { meanOfHistograms, sumOfHistograms } from '../native/total.ts';
import type { QueryContext } from '../query-context.ts';
import { quote } from '../syntax/quote.ts';
import { type Series, type SeriesBuilder, setHistogram } from '../values.ts';

/** Adds what the members with histograms come to; `out` has the result of all floats. */
export function aggregateHistograms(
  out: SeriesBuilder,
  members: readonly Series[],
  operator: 'sum' | 'avg',
  { annotations, interrupt }: QueryContext,
  start: number,
): void {
  for (let i = 0; i < out.values.length; i++) {
    const withHistogram = members.filter(({ presence, histograms }) => presence[i] && histograms![i]);
    interrupt.spend(members.length);
    if (withHistogram.length === 0) continue;
    if (out.presence[i]) {
      annotations.warn('encountered a mix of histograms and floats for aggregation', start);
      out.presence[i] = 0;
      out.count--;
    } else addUp(out, i, withHistogram);
  }

  function addUp(result: SeriesBuilder, step: number, of: readonly Series[]): void {
    const histograms = of.map((one) => one.histograms![step]!);
    const total = operator === 'sum' ? sumOfHistograms(histograms) : meanOfHistograms(histograms);
    if (total.reconciled) {
      annotations.info('mismatched custom buckets were reconciled during aggregation', start);
    }
    if (!total.histogram) {
      const name = quote(of[total.incompatibleAt!]!.labels.name);
      const text =
        'vector contains a mix of histograms with exponential and custom buckets schemas for metric name';
      annotations.warn(`${text} ${name}`, start);
      return;
    }
    if (total.conflictingHints) {
      annotations.warn('conflicting counter resets during histogram aggregation', start);
    }
    setHistogram(result, step, compact(total.histogram));
  }
}
