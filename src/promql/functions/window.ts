// What a window of samples holds, where floats and histograms may stand beside each other.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import type { RangeSeriesInput } from '../values.ts';
import { WindowNotes } from '../window-notes.ts';
import { argumentStart, type FunctionInput } from './function.ts';

/** The histograms among the samples from <= j < to. */
export function histogramsIn(
  { histograms, offset }: RangeSeriesInput,
  from: number,
  to: number,
): NativeHistogram[] {
  const found: NativeHistogram[] = [];
  for (let j = from; j < to; j++) {
    const histogram = histograms?.[j - offset];
    if (histogram) found.push(histogram);
  }
  return found;
}

/** Notes of a function over a range, at the place of its first argument. */
export function notesOn(input: FunctionInput, { labels }: RangeSeriesInput): WindowNotes {
  return new WindowNotes(input.context.annotations, labels.name, argumentStart(input, 0));
}
