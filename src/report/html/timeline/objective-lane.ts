// An objective over time: its measured value as a line against its threshold, what is in breach filled.

import type { QuantityWords } from '../../../experiment/judge/quantity.ts';
import type { ObjectiveVerdict } from '../../../experiment/verdict.ts';
import { holds } from '../../comparison.ts';
import type { MeasuredSeries, Measurement } from '../../measured.ts';
import type { SpentBudget } from '../../spent-budget.ts';
import { standingOf } from '../../standing.ts';
import type { Lane } from '../chart/lane.ts';
import {
  areaPath,
  linePath,
  type Point,
  pathUnits,
  type Run,
  runsOf,
  splitRun,
  thinned,
} from '../chart/line.ts';
import { bounded, type Readout } from '../chart/readout.ts';
import { pixelOf, rounded, shareOf, type TimeScale, type ValueScale, valueScale } from '../chart/scale.ts';
import { valueTicks } from '../chart/ticks.ts';
import { budgetBar } from '../evidence/budget.ts';
import { type Markup, markup } from '../markup.ts';

const heightPx = 118;
const topPx = 16;
const bottomPx = heightPx - 6;

export function objectiveLane(
  objective: ObjectiveVerdict,
  measured: Measurement,
  budget: SpentBudget | undefined,
  time: TimeScale,
): Lane {
  return {
    kind: 'objective',
    title: objective.name,
    word: objective.verdict,
    standing: standingOf(objective.judgement),
    note: noteOf(measured),
    gauge: budget && budgetBar(budget),
    plot: plotOf(objective, measured, time),
    readout: readoutOf(measured, time),
  };
}

function noteOf(measured: Measurement): string {
  const omitted = measured.omitted > 0 ? `${measured.series.length} worst series shown` : '';
  return [measured.must, omitted].filter(Boolean).join(', ');
}

function plotOf(objective: ObjectiveVerdict, measured: Measurement, time: TimeScale): Markup {
  const { quantity } = measured;
  const { threshold, operator, expr } = objective.comparison;
  const values = measured.series.flatMap(({ values: list }) => Array.from(list));
  const scale = valueScale(threshold === null ? values : [...values, threshold], topPx, bottomPx);
  const bound = threshold === null ? 'no constant threshold' : `threshold ${operator} ${quantity(threshold)}`;
  const description = `${objective.reason} ${rangeWords(values, quantity)}`;
  return markup`<svg class="plot" height="${heightPx}" role="img"><title>${objective.name}: ${expr}, ${bound}</title><desc>${description}</desc>${valueAxis(scale, quantity)}${
    values.length === 0
      ? markup`<text class="plot-empty" x="50%" y="${heightPx / 2}" text-anchor="middle">${measured.problem ?? 'no samples in the recording'}</text>`
      : lines(objective, measured, time, scale)
  }${threshold !== null && thresholdLine(threshold, scale, measured)}</svg>`;
}

function rangeWords(values: readonly number[], quantity: QuantityWords): string {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return 'No samples.';
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  return `Measured between ${quantity(low)} and ${quantity(high)}.`;
}

function valueAxis(scale: ValueScale, quantity: QuantityWords): Markup[] {
  return valueTicks(scale).map((value) => {
    const y = pixelOf(scale, value);
    return markup`<line class="grid" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="value-tick halo" x="4" y="${rounded(y - 3)}">${quantity(value)}</text>`;
  });
}

function thresholdLine(threshold: number, scale: ValueScale, measured: Measurement): Markup {
  const y = pixelOf(scale, threshold);
  return markup`<line class="threshold" x1="0" x2="100%" y1="${y}" y2="${y}"/><text class="threshold-label halo" x="100%" dx="-4" y="${rounded(y - 4)}" text-anchor="end">${measured.bound}</text>`;
}

function lines(
  objective: ObjectiveVerdict,
  measured: Measurement,
  time: TimeScale,
  scale: ValueScale,
): Markup {
  const parts = measured.series.flatMap((series) =>
    runsOf(series.times, series.values, measured.stepMs).map((run) =>
      split(thinned(run, time), objective, time.endMs),
    ),
  );
  const holding = parts.flatMap((part) => part.holding);
  const breached = parts.flatMap((part) => part.breached);
  const { threshold } = objective.comparison;
  return markup`<svg aria-hidden="true" viewBox="0 0 ${pathUnits} ${heightPx}" preserveAspectRatio="none" x="0" y="0" width="100%" height="${heightPx}">${
    threshold !== null &&
    markup`<path class="breach-area" d="${areaPath(breached, threshold, time, scale)}"/>`
  }<path class="line" d="${linePath(holding, time, scale)}"/><path class="line line-breach" d="${linePath(breached, time, scale)}"/></svg>`;
}

function split(run: Run, objective: ObjectiveVerdict, endMs: number) {
  const { comparison, times } = objective;
  const { threshold, operator } = comparison;
  if (threshold !== null) {
    const crossed = operator === '==' || operator === '!=' ? undefined : threshold;
    return splitRun(run, (point) => holds(comparison, point.value), crossed);
  }
  // Without a constant threshold the judge's own times tell what was in breach.
  const inBreach = (point: Point) =>
    times.breached !== null && point.atMs >= times.breached && point.atMs < (times.recovered ?? endMs);
  return splitRun(run, (point) => !inBreach(point), undefined);
}

function readoutOf(measured: Measurement, time: TimeScale): Readout {
  const [only, ...others] = measured.series;
  if (!only) return [];
  const suffix = others.length > 0 ? ` (worst of ${measured.series.length + measured.omitted})` : '';
  return bounded(
    Array.from(only.times, (atMs, index) => [
      rounded(shareOf(time, atMs) * 100),
      `${measured.quantity(valueAt(only, index))}${suffix}`,
    ]),
  );
}

function valueAt(series: MeasuredSeries, index: number): number {
  return series.values[index] ?? Number.NaN;
}
