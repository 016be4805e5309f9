// histogram_quantile, histogram_quantiles and histogram_fraction, over native and classic histograms.

import type { Labels } from '../../../base/labels.ts';
import type { NativeHistogram } from '../../../telemetry/metrics/native-histogram.ts';
import { droppedName, mergeDuplicates } from '../../duplicates.ts';
import { formatGeneral, formatOpenMetricsNumber } from '../../format.ts';
import { nativeFraction } from '../../native/fraction.ts';
import { nativeQuantile } from '../../native/quantile.ts';
import { quantileProblem } from '../../quantile.ts';
import { quote } from '../../syntax/quote.ts';
import { newSeries, type Series, type SeriesBuilder, setValue, stepTime, vector } from '../../values.ts';
import {
  argumentStart,
  type FunctionImplementation,
  type FunctionInput,
  scalarArgument,
  stringArgument,
  vectorArgument,
} from '../function.ts';
import { bucketFraction } from './bucket-fraction.ts';
import { bucketQuantile, type Repair } from './bucket-quantile.ts';
import { BucketReader, type Buckets, type ClassicHistogram } from './classic.ts';
import { type SplitHistograms, splitHistograms } from './split.ts';

type Compute = (buckets: Buckets, step: number, histogram: ClassicHistogram) => number;

/** One result series a histogram, from its buckets at each step. */
function overHistograms(
  input: FunctionInput,
  histograms: readonly ClassicHistogram[],
  relabel: (labels: Labels) => Labels,
  compute: Compute,
): SeriesBuilder[] {
  const { context, grid } = input;
  return histograms.map((histogram) => {
    const { labels, dropName } = droppedName(context, histogram.labels);
    const out = newSeries(relabel(labels), dropName, grid.steps);
    const reader = new BucketReader(histogram);
    for (let i = 0; i < grid.steps; i++) {
      const buckets = reader.at(i);
      context.interrupt.spend(buckets.length);
      if (buckets.length > 0) setValue(out, i, compute(buckets, i, histogram));
    }
    return out;
  });
}

/** One result series a series of native histograms. */
function overNative(
  { context, grid }: FunctionInput,
  series: readonly Series[],
  relabel: (labels: Labels) => Labels,
  compute: (histogram: NativeHistogram, step: number, name: string) => number,
): SeriesBuilder[] {
  return series.map(({ labels: own, presence, histograms, dropName: drops }) => {
    const { labels, dropName } = droppedName(context, own);
    const out = newSeries(relabel(labels), dropName || drops, grid.steps);
    for (let i = 0; i < grid.steps; i++) {
      if (presence[i]) setValue(out, i, compute(histograms![i]!, i, labels.name));
    }
    return out;
  });
}

function nativeQuantiles(
  input: FunctionInput,
  { native }: SplitHistograms,
  quantiles: Float64Array,
  place: number,
  relabel: (labels: Labels) => Labels,
): SeriesBuilder[] {
  return overNative(input, native, relabel, (histogram, step, name) => {
    const { value, nanObservations } = nativeQuantile(quantiles[step]!, histogram);
    if (nanObservations) {
      const effect = nanObservations === 'result' ? 'is NaN' : 'is skewed higher';
      const text = `input to histogram_quantile has NaN observations, result ${effect}`;
      input.context.annotations.info(withName(text, name), place);
    }
    return value;
  });
}

function withName(text: string, name: string): string {
  return name === '' ? text : `${text} for metric name ${quote(name)}`;
}

function sameLabels(labels: Labels): Labels {
  return labels;
}

function computeQuantile(input: FunctionInput, quantiles: Float64Array, place: number): Compute {
  return (buckets, step, histogram) => {
    const { value, repair } = bucketQuantile(quantiles[step]!, buckets);
    if (repair) reportRepair(input, histogram, repair, step, place);
    return value;
  };
}

function reportRepair(
  { context, grid }: FunctionInput,
  { labels }: ClassicHistogram,
  repair: Repair,
  step: number,
  place: number,
): void {
  const name = context.delayedNameRemoval ? labels.name : '';
  const text =
    'input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)';
  const atMs = stepTime(grid, step);
  const fix = { ...repair, count: 1, firstMs: atMs, lastMs: atMs };
  context.annotations.fixedMonotonicity(withName(text, name), place, fix);
}

function warnAboutQuantiles(input: FunctionInput, quantiles: Float64Array, position: number): void {
  for (const q of new Set(quantiles)) {
    const problem = quantileProblem(q, formatGeneral(q));
    if (problem !== undefined) input.context.annotations.warn(problem, argumentStart(input, position));
  }
}

export const histogramQuantile: FunctionImplementation = (input) => {
  const quantiles = scalarArgument(input, 0);
  warnAboutQuantiles(input, quantiles, 0);
  const place = argumentStart(input, 1);
  const split = splitHistograms(input.context, vectorArgument(input, 1), place);
  const compute = computeQuantile(input, quantiles, place);
  return combined(input, [
    ...nativeQuantiles(input, split, quantiles, place, sameLabels),
    ...overHistograms(input, split.classic, sameLabels, compute),
  ]);
};

/** Several quantiles at once, told apart by a label. */
export const histogramQuantiles: FunctionImplementation = (input) => {
  const name = stringArgument(input, 1);
  const place = argumentStart(input, 0);
  const positions = input.args.map((_, i) => i).slice(2);
  for (const position of positions) warnAboutQuantiles(input, scalarArgument(input, position), position);
  const split = splitHistograms(input.context, vectorArgument(input, 0), place);
  const out = positions.flatMap((position) => {
    const quantiles = scalarArgument(input, position);
    // The quantile may change from step to step, and with it the label.
    return [...new Set(quantiles)].flatMap((q) => {
      const label = formatOpenMetricsNumber(q);
      const compute = computeQuantile(input, quantiles, place);
      const relabel = (labels: Labels) => labels.with({ [name]: label });
      const series = [
        ...nativeQuantiles(input, split, quantiles, place, relabel),
        ...overHistograms(input, split.classic, relabel, compute),
      ];
      return series.map((one) => keepSteps(one, (step) => Object.is(quantiles[step], q)));
    });
  });
  return combined(input, out);
};

function keepSteps(series: SeriesBuilder, keep: (step: number) => boolean): SeriesBuilder {
  const presence = series.presence.map((held, i) => (held && keep(i) ? 1 : 0));
  return { ...series, presence, count: presence.reduce((sum, held) => sum + held, 0) };
}

export const histogramFraction: FunctionImplementation = (input) => {
  const lower = scalarArgument(input, 0);
  const upper = scalarArgument(input, 1);
  const place = argumentStart(input, 2);
  const split = splitHistograms(input.context, vectorArgument(input, 2), place);
  const compute: Compute = (buckets, step) => bucketFraction(lower[step]!, upper[step]!, buckets);
  const native = overNative(input, split.native, sameLabels, (histogram, step, name) => {
    const { value, hasNaN } = nativeFraction(lower[step]!, upper[step]!, histogram);
    if (hasNaN) {
      const text = 'input to histogram_fraction has NaN observations, which are excluded from all fractions';
      input.context.annotations.info(withName(text, name), place);
    }
    return value;
  });
  return combined(input, [...native, ...overHistograms(input, split.classic, sameLabels, compute)]);
};

function combined({ context }: FunctionInput, out: readonly SeriesBuilder[]) {
  const held = out.filter(({ count }) => count > 0);
  return vector(context.delayedNameRemoval ? held : mergeDuplicates(held));
}
