// What a function over ranges holds of a series at once: as in Prometheus, the samples of its longest window.

import { fillsWindows, histogramWeight, type RangeSeriesInput } from '../values.ts';

/** Samples in the longest window of a series; histograms count for more. */
export function samplesInLongest({ windows, first, last, histograms, offset }: RangeSeriesInput): number {
  const { lo, hi } = windows;
  if (!histograms) {
    // Windows of one column differ little: mostly the longest of all is known from there.
    if (fillsWindows(windows, first, last)) return windows.longest;
    let longest = 0;
    for (let i = 0; i < lo.length; i++)
      longest = Math.max(longest, Math.min(hi[i]!, last) - Math.max(lo[i]!, first));
    return longest;
  }
  const weight = (j: number) => {
    const histogram = histograms[j - offset];
    return histogram ? histogramWeight(histogram) : 1;
  };
  let [from, to, held, most] = [first, first, 0, 0];
  for (let i = 0; i < lo.length; i++) {
    for (; to < Math.min(hi[i]!, last); to++) held += weight(to);
    for (; from < Math.min(lo[i]!, to); from++) held -= weight(from);
    most = Math.max(most, held);
  }
  return most;
}
