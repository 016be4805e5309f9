// A gate on the future: something that is used up, such as the pulls that a registry still allows, has to last until a deployment
// has ended. The trend is that between refills: a window that saw the limit come back would hide how fast it goes.

export interface Limit {
  readonly expression: string;
  /** What must be left. */
  readonly floor: number;
  /** What the deployment itself will use. */
  readonly needs: number;
  /** From now to the end of the deployment. */
  readonly withinMs: number;
}

export interface LimitOutlook {
  readonly status: 'pass' | 'fail' | 'no-data';
  readonly reason: string;
  /** Left now, and expected to be left at the end of the deployment, without and with its own need. */
  readonly now?: number;
  readonly atEnd?: number;
  /** By the trend alone, from now; absent when it does not fall. */
  readonly emptyInMs?: number;
  /** What is used in an hour. */
  readonly perHour?: number;
}

export interface LimitPoint {
  readonly atMs: number;
  readonly value: number;
}

const pointsMin = 3;
const hourMs = 3_600_000;

/** `points` in the order of time, the last one is now. */
export function limitOutlook({ floor, needs, withinMs }: Limit, points: readonly LimitPoint[]): LimitOutlook {
  const numbers = points.filter(({ value }) => !Number.isNaN(value));
  const last = numbers.at(-1);
  if (!last) return { status: 'no-data', reason: 'it has no value' };
  const now = last.value;
  const known = { now };
  // What is too little already needs no trend.
  if (now - needs < floor)
    return {
      ...known,
      status: 'fail',
      atEnd: now - needs,
      reason: `${shown(now)} left, ${shown(needs)} needed, ${shown(floor)} must stay`,
    };
  const recent = lastFall(numbers);
  if (!recent)
    return {
      ...known,
      status: 'no-data',
      reason: `never ${pointsMin} values in a row that did not rise: no trend`,
    };
  const perMs = -slope(recent);
  const atEnd = now - Math.max(0, perMs) * withinMs - needs;
  const trend = {
    ...known,
    atEnd,
    perHour: perMs * hourMs,
    ...(perMs > 0 && { emptyInMs: (now - floor) / perMs }),
  };
  return atEnd < floor
    ? { ...trend, status: 'fail', reason: `${shown(now)} left, ${shown(atEnd)} at the end of the deployment` }
    : { ...trend, status: 'pass', reason: `${shown(atEnd)} left at the end of the deployment` };
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** The last stretch without a rise that has enough points; after a refill that is the one before it. */
function lastFall(points: readonly LimitPoint[]): readonly LimitPoint[] | undefined {
  let end = points.length;
  for (let i = points.length - 1; i >= 0; i--) {
    if (i > 0 && points[i]!.value <= points[i - 1]!.value) continue;
    if (end - i >= pointsMin) return points.slice(i, end);
    end = i;
  }
  return undefined;
}

/** Least squares, in units a millisecond. */
function slope(points: readonly LimitPoint[]): number {
  const meanTime = points.reduce((sum, { atMs }) => sum + atMs, 0) / points.length;
  const meanValue = points.reduce((sum, { value }) => sum + value, 0) / points.length;
  let [covariance, variance] = [0, 0];
  for (const { atMs, value } of points) {
    covariance += (atMs - meanTime) * (value - meanValue);
    variance += (atMs - meanTime) ** 2;
  }
  return variance === 0 ? 0 : covariance / variance;
}
