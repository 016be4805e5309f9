// strace acts on every n-th call, not on a share of them: `percent` must be one of 100, 50, 33, 25, 20, …

import type { Random } from '../../base/random.ts';

/** Every how many calls of a thread one is hit; `percent` is above 0. */
export function everyNth(percent: number): number {
  const below = Math.floor(100 / percent);
  const gap = (n: number) => Math.abs(100 / n - percent);
  return gap(below) <= gap(below + 1) ? below : below + 1;
}

/** 33 is one in three; 40 is nothing of the kind. */
export function isOneInN(percent: number): boolean {
  return Math.abs(100 / everyNth(percent) - percent) < 0.5;
}

/** strace's expression; the first call is drawn, so that threads which make few calls are not all hit at their first. */
export function whenExpression(nth: number, random: Random): string {
  return nth === 1 ? '' : `:when=${1 + Math.floor(random() * nth)}+${nth}`;
}
