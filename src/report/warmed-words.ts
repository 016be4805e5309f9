// How windows were warmed, as one line: it stands beside every verdict that a long window had a part in.

import { formatDuration, humanDuration } from '../base/duration.ts';
import type { TimelineEvent, WarmedWindows } from '../experiment/timeline.ts';
import { firstEvent } from './input.ts';

/** `windows warmed with 3d synthesised from a 60s baseline; cold: 30d of …`. */
export function warmedWords({
  steadyFromMs,
  steadyToMs,
  reachMs,
  series,
  real,
  cold,
}: WarmedWindows): string {
  const baseline = `a ${humanDuration(steadyToMs - steadyFromMs)} baseline`;
  const reach = roughly(reachMs);
  const how =
    series === 0
      ? 'long windows were not warmed: nothing that they read was measured'
      : real === undefined
        ? `windows warmed with ${reach} synthesised from ${baseline}`
        : `windows warmed with ${reach}, ${real.series} of ${series} series from ${real.from}, the rest synthesised from ${baseline}`;
  return `${how}${cold.length === 0 ? '' : `; cold: ${cold.join('; ')}`}`;
}

/** Undefined in a run whose windows needed no history. */
export function warmedLine(timeline: readonly TimelineEvent[]): string | undefined {
  const warmed = firstEvent(timeline, 'history.warmed');
  return warmed && warmedWords(warmed);
}

const hourMs = 3_600_000;

/** Days and hours, or minutes: a spacing more or less says nothing. */
function roughly(ms: number): string {
  const unitMs = ms >= 2 * hourMs ? hourMs : 60_000;
  return ms < unitMs ? humanDuration(ms) : formatDuration(Math.round(ms / unitMs) * unitMs);
}
