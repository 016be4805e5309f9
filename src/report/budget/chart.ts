// The budget over its window as a picture: from full at the window's begin to what is left, with the line below which it is exhausted.

import type { Budget } from '../../slo/budget/budget.ts';
import { areaPath, linePath, pathUnits, splitRun, thinned } from '../html/chart/line.ts';
import {
  percent,
  percentAt,
  pixelOf,
  rounded,
  shareOf,
  type TimeScale,
  type ValueScale,
} from '../html/chart/scale.ts';
import { type Markup, markup } from '../html/markup.ts';
import { calendarDay, wallTime } from '../moment.ts';
import { percentText } from './words.ts';

const heightPx = 150;
const topPx = 14;
const bottomPx = heightPx - 8;
const axisPx = 24;
/** A budget that was overspent many times over would press all else flat. */
const lowestShown = -1;

export function budgetChart(budget: Budget, title: string): Markup {
  const time = { startMs: budget.window.fromMs, endMs: budget.atMs, zeroMs: budget.atMs };
  const run = thinned(
    budget.curve.map(({ atMs, left }) => ({ atMs, value: Math.max(lowestShown, left) })),
    time,
  );
  const lowest = Math.min(0, ...run.map(({ value }) => value));
  const scale = { low: lowest < 0 ? lowest - 0.05 : 0, high: 1, topPx, bottomPx };
  const { holding, breached } = splitRun(run, ({ value }) => value > 0, 0);
  const zero = pixelOf(scale, 0);
  return markup`<svg class="plot budget-curve" height="${heightPx + axisPx}" role="img"><title>${title}: ${percentText(budget.left)} of the error budget left</title>${valueLines(scale)}<svg aria-hidden="true" viewBox="0 0 ${pathUnits} ${heightPx}" preserveAspectRatio="none" x="0" y="0" width="100%" height="${heightPx}"><path class="breach-area" d="${areaPath(breached, 0, time, scale)}"/><path class="line" d="${linePath(holding, time, scale)}"/><path class="line line-breach" d="${linePath(breached, time, scale)}"/></svg><line class="threshold" x1="0" x2="100%" y1="${zero}" y2="${zero}"/>${timeLabels(time)}</svg>`;
}

function valueLines(scale: ValueScale): Markup[] {
  const marks = scale.low < 0 ? [1, 0.5, 0, ...(scale.low <= -0.5 ? [-0.5] : [])] : [1, 0.5, 0];
  return marks.map((value) => {
    const y = pixelOf(scale, value);
    return markup`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="value-tick halo" x="4" y="${rounded(y - 3)}">${percentText(value)}</text>`;
  });
}

const dayMs = 86_400_000;
const stepsMs = [
  60_000,
  300_000,
  900_000,
  3_600_000,
  3 * 3_600_000,
  6 * 3_600_000,
  dayMs,
  2 * dayMs,
  7 * dayMs,
  30 * dayMs,
  90 * dayMs,
];
const labelsMax = 6;

/** Round times in UTC; every second one is left out where the page is narrow. */
function timeLabels(time: TimeScale): Markup[] {
  const spanMs = time.endMs - time.startMs;
  const stepMs = stepsMs.find((step) => spanMs / step <= labelsMax) ?? 365 * dayMs;
  const first = Math.ceil(time.startMs / stepMs) * stepMs;
  const count = Math.floor((time.endMs - first) / stepMs) + 1;
  return Array.from({ length: Math.max(0, count) }, (_, i) => {
    const atMs = first + i * stepMs;
    const share = shareOf(time, atMs);
    const anchor = share < 0.06 ? 'start' : share > 0.94 ? 'end' : 'middle';
    const label = stepMs >= dayMs ? calendarDay(atMs).slice(0, -5) : wallTime(atMs).slice(0, 5);
    return markup`<g class="tick${i % 2 === 1 && ' fine'}"><line class="tick-line" x1="${percentAt(time, atMs)}" x2="${percentAt(time, atMs)}" y1="${topPx}" y2="${bottomPx}"/><text x="${percent(share)}" y="${heightPx + 14}" text-anchor="${anchor}">${label}</text></g>`;
  });
}
