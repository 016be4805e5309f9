// From single readings to stretches of time: when an objective was in bounds, out of them, or not to be seen.

export type Bounds = 'in' | 'out' | 'none';

/** One reading of an objective. `value` is the worst left side, null without data. */
export interface Reading {
  readonly at: number;
  readonly bounds: Bounds;
  readonly value: number | null;
}

/** Readings that agree. It ends where the next one differs, or, still open, where the observation ends. */
export interface Stretch {
  readonly bounds: Bounds;
  readonly from: number;
  readonly to: number;
  readonly open: boolean;
  readonly readings: readonly Reading[];
}

export function stretchesOf(readings: readonly Reading[], endMs: number): Stretch[] {
  const groups: Reading[][] = [];
  for (const reading of readings) {
    const group = groups.at(-1);
    if (group && group[0]!.bounds === reading.bounds) group.push(reading);
    else groups.push([reading]);
  }
  return groups.map((group, index) => {
    const next = groups[index + 1];
    const from = group[0]!.at;
    const to = next ? next[0]!.at : Math.max(endMs, group.at(-1)!.at);
    return { bounds: group[0]!.bounds, from, to, open: next === undefined, readings: group };
  });
}

/**
 * A scrape that is missed once is no blindness: short gaps between readings that agree are filled with them, those
 * between readings that do not are left.
 */
export function bridgeGaps(readings: readonly Reading[], shorterThanMs: number): Reading[] {
  const groups = stretchesOf(readings, readings.at(-1)?.at ?? 0);
  return groups.flatMap((group, index) => {
    const before = groups[index - 1]?.bounds;
    const agree = before !== undefined && before === groups[index + 1]?.bounds;
    if (group.bounds !== 'none' || !agree || lengthMs(group) >= shorterThanMs) return [...group.readings];
    return group.readings.map((reading) => ({ ...reading, bounds: before }));
  });
}

export function lengthMs(stretch: { readonly from: number; readonly to: number }): number {
  return stretch.to - stretch.from;
}

export type Recovery =
  | { readonly kind: 'in-time' | 'too-late'; readonly at: number }
  /** Not back when its time was up; `lastOutAt` is when it was last seen out of bounds. */
  | { readonly kind: 'never'; readonly lastOutAt: number }
  /** The observation ended before the verdict was due. */
  | { readonly kind: 'cut-short'; readonly at: number | null; readonly missingMs: number }
  /** Broken, and then not to be seen any more. */
  | { readonly kind: 'unseen' };

/**
 * Whether the objective came back for good: in bounds within `withinMs` of the undo, and without a break for
 * `stableMs`. What follows the last breach decides, so that a relapse counts.
 */
export function recoveryAfter(
  stretches: readonly Stretch[],
  breaches: readonly Stretch[],
  undoneAt: number | null,
  limits: { readonly withinMs: number; readonly stableMs: number },
  endMs: number,
): Recovery {
  const last = breaches.at(-1)!;
  if (undoneAt === null) return { kind: 'cut-short', at: null, missingMs: limits.withinMs + limits.stableMs };
  const deadline = undoneAt + limits.withinMs;
  const after = stretches.filter((stretch) => stretch.from >= last.to);
  const back = after.find((stretch) => stretch.bounds === 'in' && lengthMs(stretch) >= limits.stableMs);
  if (back) return { kind: back.from <= deadline ? 'in-time' : 'too-late', at: back.from };
  const hopeful = after.find(
    (stretch) => stretch.bounds === 'in' && stretch.open && stretch.from <= deadline,
  );
  if (hopeful) {
    return { kind: 'cut-short', at: hopeful.from, missingMs: limits.stableMs - lengthMs(hopeful) };
  }
  if (endMs < deadline) return { kind: 'cut-short', at: null, missingMs: deadline - endMs };
  if (stretches.at(-1)!.bounds === 'none') return { kind: 'unseen' };
  const lastOut = stretches.filter((stretch) => stretch.bounds === 'out').at(-1)!;
  return { kind: 'never', lastOutAt: lastOut.to };
}
