// From time and value to places in a plot. Horizontally a plot is as wide as the page lets it be, so that x is a
// share of the width; vertically it has a fixed height in pixels.

export interface TimeScale {
  readonly startMs: number;
  readonly endMs: number;
  /** Unix milliseconds of T+0: the injection, or the start where nothing was injected. */
  readonly zeroMs: number;
}

/** Share of the width, 0 to 1; times outside the scale are clamped to its ends. */
export function shareOf(scale: TimeScale, atMs: number): number {
  const span = Math.max(1, scale.endMs - scale.startMs);
  return Math.min(1, Math.max(0, (atMs - scale.startMs) / span));
}

/** An SVG percentage, `42.35%`. */
export function percent(share: number): string {
  return `${rounded(share * 100)}%`;
}

export function percentAt(scale: TimeScale, atMs: number): string {
  return percent(shareOf(scale, atMs));
}

/** Two decimals are a fiftieth of a pixel on a wide screen. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

export interface ValueScale {
  readonly low: number;
  readonly high: number;
  readonly topPx: number;
  readonly bottomPx: number;
}

export function pixelOf(scale: ValueScale, value: number): number {
  const share = (value - scale.low) / (scale.high - scale.low);
  return rounded(scale.bottomPx - Math.min(1, Math.max(0, share)) * (scale.bottomPx - scale.topPx));
}

/**
 * A scale over these values with a little air. It starts at zero where that costs less than half of the picture,
 * because a line that fills a cut-off axis exaggerates.
 */
export function valueScale(values: readonly number[], topPx: number, bottomPx: number): ValueScale {
  const finite = values.filter(Number.isFinite);
  let low = finite.length === 0 ? 0 : finite.reduce((a, b) => Math.min(a, b));
  let high = finite.length === 0 ? 1 : finite.reduce((a, b) => Math.max(a, b));
  if (low > 0 && low <= high / 2) low = 0;
  if (high < 0 && high >= low / 2) high = 0;
  if (low === high) {
    const air = Math.abs(low) || 1;
    return { low: low > 0 ? 0 : low - air, high: low > 0 ? high + air / 4 : high + air, topPx, bottomPx };
  }
  const air = (high - low) * 0.06;
  return { low: low === 0 ? 0 : low - air, high: high + air, topPx, bottomPx };
}
