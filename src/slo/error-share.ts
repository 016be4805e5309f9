// The share of a budget's events that were bad, over a window, for each budgeting method: what burn rates divide by the budget.
//
// A time slice without traffic has no ratio. It is left out, in all three methods: nothing failed in it, and nothing worked. (OpenSLO
// leaves this open.)

import { formatDuration } from '../base/duration.ts';
import type { ObjectivePart } from './objective.ts';
import { errorRatioOver, type OverOptions, sliOver } from './sli-over.ts';

/** PromQL of the share of bad events, or of bad time slices, over the last `windowMs`, in [0, 1]. */
export function errorShareOver(
  { sli, budgeting }: Pick<ObjectivePart, 'sli' | 'budgeting'>,
  windowMs: number,
  options: OverOptions = {},
): string {
  if (budgeting.method === 'Occurrences') return errorRatioOver(sli, windowMs, options);
  const { sliceMs } = budgeting;
  const known = `((${sliOver(sli, sliceMs, options)}) >= -Inf)`;
  const slice = budgeting.method === 'Timeslices' ? `(${known} >= bool ${budgeting.sliceTarget})` : known;
  return `1 - avg_over_time(${slice}[${formatDuration(windowMs)}:${formatDuration(sliceMs)}])`;
}
