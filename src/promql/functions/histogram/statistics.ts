// histogram_count, histogram_sum, histogram_avg, histogram_stddev and histogram_stdvar: numbers of a native histogram.

import { metricName } from '../../../base/labels.ts';
import type { NativeHistogram } from '../../../telemetry/metrics/native-histogram.ts';
import { mergeDuplicates } from '../../duplicates.ts';
import { nativeVariance } from '../../native/statistics.ts';
import { newSeries, setValue, vector } from '../../values.ts';
import { type FunctionImplementation, vectorArgument } from '../function.ts';

/** Floats are left out. */
function ofHistogram(compute: (histogram: NativeHistogram) => number): FunctionImplementation {
  return (input) => {
    const delayed = input.context.delayedNameRemoval;
    const out = vectorArgument(input).series.map(({ labels, presence, histograms }) => {
      const result = newSeries(delayed ? labels : labels.without(metricName), delayed, presence.length);
      histograms?.forEach((histogram, i) => {
        if (presence[i] && histogram) setValue(result, i, compute(histogram));
      });
      return result;
    });
    const held = out.filter(({ count }) => count > 0);
    return vector(delayed ? held : mergeDuplicates(held));
  };
}

export const histogramCount = ofHistogram(({ count }) => count);
export const histogramSum = ofHistogram(({ sum }) => sum);
export const histogramAvg = ofHistogram(({ sum, count }) => sum / count);
export const histogramStdvar = ofHistogram(nativeVariance);
export const histogramStddev = ofHistogram((histogram) => Math.sqrt(nativeVariance(histogram)));
