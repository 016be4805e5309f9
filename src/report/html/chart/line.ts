// A series as SVG path data. The picture is a thousand units wide and stretched to the page; what holds and what is
// in breach become paths of their own, cut where the line crosses its threshold.

import { pixelOf, rounded, shareOf, type TimeScale, type ValueScale } from './scale.ts';

export const pathUnits = 1000;

export interface Point {
  readonly atMs: number;
  readonly value: number;
}

/** Consecutive points without a gap. */
export type Run = readonly Point[];

/** Cuts a series where a sample is missing: a distance of more than one and a half steps, or a NaN. */
export function runsOf(times: ArrayLike<number>, values: ArrayLike<number>, stepMs: number): Run[] {
  const runs: Point[][] = [];
  let open: Point[] | undefined;
  for (let index = 0; index < times.length; index++) {
    const point = { atMs: times[index]!, value: values[index]! };
    if (Number.isNaN(point.value)) {
      open = undefined;
      continue;
    }
    const previous = open?.at(-1);
    if (open && previous && point.atMs - previous.atMs <= stepMs * 1.5) open.push(point);
    else {
      open = [point];
      runs.push(open);
    }
  }
  return runs;
}

/** At most the lowest and the highest point of each unit of the picture, in the order of their times. */
export function thinned(run: Run, scale: TimeScale): Run {
  if (run.length <= 2 * pathUnits) return run;
  const columns = new Map<number, { low: Point; high: Point }>();
  for (const point of run) {
    const column = Math.floor(shareOf(scale, point.atMs) * pathUnits);
    const extremes = columns.get(column);
    if (!extremes) columns.set(column, { low: point, high: point });
    else if (point.value < extremes.low.value) extremes.low = point;
    else if (point.value > extremes.high.value) extremes.high = point;
  }
  return [...columns.values()].flatMap(({ low, high }) => {
    if (low === high) return [low];
    return low.atMs < high.atMs ? [low, high] : [high, low];
  });
}

export interface SplitRuns {
  readonly holding: readonly Run[];
  readonly breached: readonly Run[];
}

/**
 * Cuts a run into what holds and what does not. With a threshold that can be crossed the cut is made exactly there;
 * without one, the whole stretch between a point that holds and one that does not counts as broken.
 */
export function splitRun(
  run: Run,
  holdsAt: (point: Point) => boolean,
  crossed: number | undefined,
): SplitRuns {
  const parts: { holding: Point[][]; breached: Point[][] } = { holding: [], breached: [] };
  let current: Point[] = [];
  let state: boolean | undefined;
  for (const [index, point] of run.entries()) {
    const next = holdsAt(point);
    if (next !== state) {
      const cut = index === 0 ? point : cutBetween(run[index - 1]!, point, next, crossed);
      if (index > 0 && cut !== run[index - 1]) current.push(cut);
      current = [cut];
      (next ? parts.holding : parts.breached).push(current);
      state = next;
    }
    if (current.at(-1) !== point) current.push(point);
  }
  return parts;
}

function cutBetween(from: Point, to: Point, nextHolds: boolean, crossed: number | undefined): Point {
  const share = crossed === undefined ? Number.NaN : (crossed - from.value) / (to.value - from.value);
  if (crossed === undefined || !Number.isFinite(share)) return nextHolds ? to : from;
  return { atMs: from.atMs + share * (to.atMs - from.atMs), value: crossed };
}

/** `M12.5 40L13 41.2`. A single point becomes a dot (a line of no length with round ends). */
export function linePath(runs: readonly Run[], time: TimeScale, value: ValueScale): string {
  return runs
    .filter((run) => run.length > 0)
    .map((run) => {
      const places = run.map((point) => placeOf(point, time, value));
      return `M${places.join('L')}${places.length === 1 ? 'h0' : ''}`;
    })
    .join('');
}

/** The area between each run and its threshold. */
export function areaPath(
  runs: readonly Run[],
  threshold: number,
  time: TimeScale,
  value: ValueScale,
): string {
  return runs
    .filter((run) => run.length > 1)
    .map((run) => {
      const first = placeOf({ atMs: run[0]!.atMs, value: threshold }, time, value);
      const last = placeOf({ atMs: run.at(-1)!.atMs, value: threshold }, time, value);
      return `M${first}L${run.map((point) => placeOf(point, time, value)).join('L')}L${last}Z`;
    })
    .join('');
}

function placeOf(point: Point, time: TimeScale, value: ValueScale): string {
  return `${rounded(shareOf(time, point.atMs) * pathUnits)} ${pixelOf(value, point.value)}`;
}
