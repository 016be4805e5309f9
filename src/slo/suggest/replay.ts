// What an objective would have done over the baseline: the budget that it would have spent, and how often the
// multi-window alerts of the Google SRE workbook would have begun to ring.

import { type AlertWindow, type AlertWindows, burnRateFactor } from '../rules/alert-windows.ts';
import { type ErrorCurve, Sums } from './curve.ts';

export interface Replay {
  /** Share of the budget of the whole period that the baseline spent, at even traffic. */
  readonly budgetSpent: number;
  readonly pages: number;
  readonly tickets: number;
}

/** A window that is longer than what there is looks back on all of it, as it would in a young Prometheus. */
export function replay(
  { bad, total, stepMs }: ErrorCurve,
  errorBudget: number,
  windows: AlertWindows,
): Replay {
  const steps = total.length;
  const sums = { bad: new Sums(bad), total: new Sums(total) };
  const share = (last: number, windowMs: number): number => {
    const count = Math.max(1, Math.round(windowMs / stepMs));
    const events = sums.total.upTo(last, count);
    return events > 0 ? sums.bad.upTo(last, count) / events : 0;
  };
  const isBurning = (last: number, window: AlertWindow): boolean => {
    const limit = burnRateFactor(window, windows.periodMs) * errorBudget;
    return share(last, window.longMs) > limit && share(last, window.shortMs) > limit;
  };
  const episodes = ({ quick, slow }: AlertWindows['page']): number => {
    let [count, wasRinging] = [0, false];
    for (let last = 0; last < steps; last++) {
      const isRinging = isBurning(last, quick) || isBurning(last, slow);
      if (isRinging && !wasRinging) count++;
      wasRinging = isRinging;
    }
    return count;
  };
  const whole = share(steps - 1, steps * stepMs);
  return {
    budgetSpent: ((whole / errorBudget) * (steps * stepMs)) / windows.periodMs,
    pages: episodes(windows.page),
    tickets: episodes(windows.ticket),
  };
}
