// Round places on an axis.

import { formatDuration, humanDuration } from '../../../base/duration.ts';
import type { TimeScale, ValueScale } from './scale.ts';

const timeStepsMs = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000,
];

export interface TimeTick {
  readonly atMs: number;
  /** `−10s`, `T+0`, `+1m30s`. */
  readonly label: string;
  /** Left out where the page is narrow. */
  readonly fine: boolean;
}

/** Of the injection. */
export const zeroLabel = 'T+0';

const ticksMax = 10;
const coarseTicksMax = 4;

/** Ticks at round distances from T+0, at most ten, of which at most four are coarse. */
export function timeTicks(scale: TimeScale): TimeTick[] {
  const spanMs = scale.endMs - scale.startMs;
  const stepMs =
    timeStepsMs.find((step) => spanMs / step <= ticksMax) ??
    Math.ceil(spanMs / ticksMax / 86_400_000) * 86_400_000;
  const first = Math.ceil((scale.startMs - scale.zeroMs) / stepMs);
  const last = Math.floor((scale.endMs - scale.zeroMs) / stepMs);
  const every = Math.max(1, Math.ceil((last - first + 1) / coarseTicksMax));
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const count = first + index;
    return {
      atMs: scale.zeroMs + count * stepMs,
      label: tickLabel(count * stepMs),
      fine: count % every !== 0,
    };
  });
}

function tickLabel(offsetMs: number): string {
  if (offsetMs === 0) return zeroLabel;
  const size = Math.abs(offsetMs);
  return `${offsetMs < 0 ? '−' : '+'}${size < 60_000 ? humanDuration(size) : formatDuration(size)}`;
}

/** Two to four round values inside the scale: multiples of 1, 2 or 5 times a power of ten. */
export function valueTicks(scale: ValueScale): number[] {
  const rough = (scale.high - scale.low) / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const ticks: number[] = [];
  for (let count = Math.ceil(scale.low / step); count * step <= scale.high; count++) {
    // Counting in steps and rounding keeps 0.3 from becoming 0.30000000000000004.
    ticks.push(Number((count * step).toPrecision(12)));
  }
  return ticks;
}
