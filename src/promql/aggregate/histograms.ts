// sum and avg of a group with native histograms in it, step by step. A step that has floats as well yields nothing.

import type { Annotations } from '../annotations.ts';
import { KahanMean, KahanSum } from '../kahan.ts';
import { compact } from '../native/arithmetic.ts';
import { meanOfHistograms, sumOfHistograms } from '../native/total.ts';
import { quote } from '../syntax/quote.ts';
import { newSeries, type Series, type SeriesBuilder, setHistogram, setValue } from '../values.ts';
import type { Group } from './grouping.ts';

export function aggregateHistograms(
  { labels, dropName, members }: Group,
  steps: number,
  operator: 'sum' | 'avg',
  annotations: Annotations,
  start: number,
): SeriesBuilder {
  const out = newSeries(labels, dropName, steps);
  for (let i = 0; i < steps; i++) {
    const present = members.filter(({ presence }) => presence[i]);
    const withHistogram = present.filter(({ histograms }) => histograms?.[i]);
    if (present.length === 0) continue;
    if (withHistogram.length === 0) {
      setValue(out, i, floatResult(operator, present, i));
    } else if (withHistogram.length < present.length) {
      annotations.warn('encountered a mix of histograms and floats for aggregation', start);
    } else addUp(out, i, withHistogram);
  }
  return out;

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

function floatResult(operator: 'sum' | 'avg', series: readonly Series[], step: number): number {
  const [sum, mean] = [new KahanSum(), new KahanMean()];
  mean.reset();
  for (const { values } of series) {
    sum.add(values[step]!);
    mean.add(values[step]!);
  }
  return operator === 'sum' ? sum.total : mean.mean;
}
