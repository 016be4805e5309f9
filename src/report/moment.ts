// Points in time for people. A drill's time zero is the injection; wall-clock times are always UTC, so that the same
// run reads the same everywhere.

import { humanDuration } from '../base/duration.ts';

/** `T+8.2s`, `T−10s`, `T+12m30s`, `T+0`; tenths below a hundred seconds, where hops are told apart by them. */
export function relativeTime(atMs: number, zeroMs: number): string {
  const offset = Math.round((atMs - zeroMs) / 100) * 100;
  if (offset === 0) return 'T+0';
  const size = Math.abs(offset);
  const text = size < 100_000 ? `${size / 1000}s` : humanDuration(size);
  return `T${offset > 0 ? '+' : '−'}${text}`;
}

/** `18:23:02`. */
export function wallTime(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `20 Nov 2026`. */
export function calendarDay(atMs: number): string {
  const date = new Date(atMs);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}
