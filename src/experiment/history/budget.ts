// What windows ask of a history, and how much of it can be had: the shorter windows first, as far as the samples go.

import { formatDuration } from '../../base/duration.ts';
import type { Labels } from '../../base/labels.ts';
import type { SeriesView } from '../../telemetry/metrics/series.ts';
import type { PlannedHistory, PlannedWindow } from '../timeline.ts';
import { samplesInRange } from './windows.ts';

/** One series and the windows that read it. */
export class Demand {
  readonly view: SeriesView;
  readonly #windows: PlannedWindow[] = [];
  #spacingMs = Number.POSITIVE_INFINITY;

  constructor(view: SeriesView) {
    this.view = view;
  }

  get labels(): Labels {
    return this.view.labels;
  }

  get isCounter(): boolean {
    return this.#windows.some(({ kind }) => kind === 'counter');
  }

  /** The largest distance that serves every window; never below that of the series itself. */
  get spacingMs(): number {
    return Math.max(this.#spacingMs, intervalOf(this.view));
  }

  add(window: PlannedWindow): void {
    this.#windows.push(window);
    this.#spacingMs = Math.min(this.#spacingMs, window.spacingMs);
  }

  /** How far back its history goes when no window beyond the limit gets one. */
  reachWithin({ lengthMs, reachMs }: Limits): number {
    const served = this.#windows.map((window) => reachOf(window, lengthMs));
    return Math.max(0, ...served.filter((ms) => ms <= reachMs));
  }
}

/** No history is longer than `lengthMs`, and windows that reach back further than `reachMs` get none. */
export interface Limits {
  readonly lengthMs: number;
  readonly reachMs: number;
}

/** With windows that reach beyond the length as densely read as if it were their range. */
export function withinLength(plan: PlannedHistory): PlannedHistory {
  const { windows, lengthMsMax } = plan;
  if (lengthMsMax === null) return plan;
  const spacingMs = Math.floor(lengthMsMax / samplesInRange);
  return {
    ...plan,
    windows: windows.map((window) => ({ ...window, spacingMs: Math.min(window.spacingMs, spacingMs) })),
  };
}

/** What fits into the samples that the plan allows; what does not, or not wholly, is added to `cold`. */
export function limitsOf(
  demands: Iterable<Demand>,
  { windows, lengthMsMax, samplesMax }: Pick<PlannedHistory, 'windows' | 'lengthMsMax' | 'samplesMax'>,
  cold: Set<string>,
): Limits {
  const lengthMs = lengthMsMax ?? Number.POSITIVE_INFINITY;
  const all = [...demands];
  const reaches = [...new Set(windows.map((window) => reachOf(window, lengthMs)))];
  const affordable = reaches.filter((reachMs) => {
    const samples = all.reduce(
      (sum, demand) => sum + demand.reachWithin({ lengthMs, reachMs }) / demand.spacingMs,
      0,
    );
    return samples <= samplesMax;
  });
  const limits = { lengthMs, reachMs: Math.max(0, ...affordable) };
  for (const window of windows) {
    if (window.rangeMs > lengthMs)
      cold.add(`${windowName(window)}, beyond ${formatDuration(lengthMs)} of history`);
    else if (window.reachMs > limits.reachMs) cold.add(`${windowName(window)}, beyond ${samplesMax} samples`);
  }
  return limits;
}

/** A window within the length may reach a little beyond it by what is around it. */
export function reachOf({ rangeMs, reachMs }: PlannedWindow, lengthMs: number): number {
  return rangeMs > lengthMs ? lengthMs : reachMs;
}

/** `3d of http_requests_total`. */
export function windowName({ rangeMs, selector }: Pick<PlannedWindow, 'rangeMs' | 'selector'>): string {
  return `${formatDuration(rangeMs)} of ${/^[^{]+/.exec(selector)?.[0] ?? selector}`;
}

function intervalOf({ column, first, last }: SeriesView): number {
  return last - first < 2 ? 1 : (column.times[last - 1]! - column.times[first]!) / (last - first - 1);
}
