// Start timestamps: since when a counter has counted. One that lies after the sample before tells of a reset that the
// values need not show.

import type { RangeSeriesInput } from '../values.ts';

/** Whether sample j began to count after sample j - 1 was taken. */
export function startedAnew({ times, starts, offset }: RangeSeriesInput, j: number): boolean {
  const start = starts?.[j - offset] ?? 0;
  const [before, at] = [times[j - 1]!, times[j]!];
  if (start === 0 || start >= at || start < before) return false;
  if (start > before) return true;
  // It began when the sample before was taken. Deltas do so every time, a counter does it for the first sample too: only
  // where that one has a start of its own, and an earlier one, is this another count.
  const previousStart = starts![j - 1 - offset] ?? 0;
  return previousStart < before && previousStart !== 0;
}

/** Whether sample j began to count before sample j - 1 was taken, and yet not when that one did. */
export function startOverlaps({ times, starts, offset }: RangeSeriesInput, j: number): boolean {
  const start = starts?.[j - offset] ?? 0;
  return start !== 0 && start < times[j - 1]! && start !== (starts![j - 1 - offset] ?? 0);
}
