// How well the baseline kept an SLI: over all of it, and in its worst stretch.

import { type ErrorCurve, Sums } from './curve.ts';

export interface Measured {
  readonly events: number;
  /** Share of bad events over all of the baseline, in [0, 1]. */
  readonly bad: number;
  /** The highest share of bad events in any window of `windowMs` that has enough of them. */
  readonly worst: number;
  readonly windowMs: number;
}

const windowMsMax = 5 * 60_000;
/** A short baseline has at least this many windows. */
const windowsMin = 5;
/** In a window with fewer events one bad one says nothing about a share. */
const eventsMin = 10;

export function measure({ bad, total, stepMs }: ErrorCurve): Measured {
  const steps = total.length;
  const inWindow = Math.max(1, Math.min(Math.round(windowMsMax / stepMs), Math.floor(steps / windowsMin)));
  const [badSums, totalSums] = [new Sums(bad), new Sums(total)];
  const events = totalSums.upTo(steps - 1, steps);
  const share = (last: number, count: number) => badSums.upTo(last, count) / totalSums.upTo(last, count);
  const whole = events > 0 ? share(steps - 1, steps) : 0;
  let worst = whole;
  for (let last = inWindow - 1; last < steps; last++)
    if (totalSums.upTo(last, inWindow) >= eventsMin) worst = Math.max(worst, share(last, inWindow));
  return { events, bad: whole, worst, windowMs: inWindow * stepMs };
}
