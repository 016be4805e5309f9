// The windows over which Pyrra alerts: shares of the objective's own window, in the proportions of 28 days, rounded to minutes.

const dayMs = 86_400_000;
const minuteMs = 60_000;

type PyrraTier = 'fastBurn' | 'mediumBurn' | 'slowBurn' | 'longTermBurn';

export interface PyrraWindow {
  readonly tier: PyrraTier;
  /** How many times as fast as lasts the budget burns when it alerts. */
  readonly factor: number;
  readonly forMs: number;
  readonly longMs: number;
  readonly shortMs: number;
}

interface Shares {
  readonly tier: PyrraTier;
  readonly factor: number;
  /** Each is the objective's window divided by this. */
  readonly for: number;
  readonly long: number;
  readonly short: number;
}

/** Of 28 days: 2m, 1h, 5m; 15m, 6h, 30m; 1h, 1d, 2h; 3h, 4d, 6h. */
const tiers: readonly Shares[] = [
  { tier: 'fastBurn', factor: 14, for: 28 * 24 * 30, long: 28 * 24, short: 28 * 24 * 12 },
  { tier: 'mediumBurn', factor: 7, for: 28 * 24 * 4, long: 28 * 4, short: 28 * 24 * 2 },
  { tier: 'slowBurn', factor: 2, for: 28 * 24, long: 28, short: 28 * 12 },
  { tier: 'longTermBurn', factor: 1, for: 28 * 8, long: 7, short: 28 * 4 },
];

/** The fast one first. */
export function pyrraWindows(windowMs: number): readonly PyrraWindow[] {
  const share = (divisor: number) => Math.round(windowMs / (divisor * minuteMs)) * minuteMs;
  return tiers.map((shares) => ({
    tier: shares.tier,
    factor: shares.factor,
    forMs: share(shares.for),
    longMs: share(shares.long),
    shortMs: share(shares.short),
  }));
}

/** Below it a window is rounded to nothing, and a range of 0s is no PromQL: 2d19h12m. */
export const pyrraWindowMinMs = (28 * 24 * 12 * minuteMs) / 2;

/** How often the increase over the whole window is recorded: longer windows cost more, and change less. */
export function increaseIntervalMs(windowMs: number): number {
  const weeks = Math.floor(windowMs / (7 * dayMs));
  return 30_000 * Math.min(weeks + 1, 8);
}
