// What taking an expression apart works with: the recording, the time in which it should have been true, and what
// each part of it returned there.

import { UserError } from '../../../base/diagnostics.ts';
import type { Expr } from '../../../promql/ast.ts';
import { type RangeSeries, rangeQuery } from '../../../promql/engine.ts';
import type { Queryable } from '../../../telemetry/metrics/series.ts';
import type { Evidence } from '../../verdict.ts';
import type { Window } from '../readings.ts';

export interface FalseExpr {
  /** The whole expression as its author wrote it; parts of it are quoted from here. */
  readonly text: string;
  readonly recording: Queryable;
  readonly window: Window;
  readonly scrapeIntervalMs: number;
}

export interface Explanation {
  /** Without a capital letter and a full stop, to stand in a sentence. */
  readonly sentence: string;
  readonly evidence: readonly Evidence[];
}

export function plain(sentence: string, evidence: readonly Evidence[] = []): Explanation {
  return { sentence, evidence };
}

/** A long run is read in so many steps; the nearest value is then the nearest of those. */
const stepsMax = 5_000;

/** What the part returned; nothing where it fails on this data, which is told elsewhere. */
export function seriesOf(expr: Expr, { recording, window }: FalseExpr): RangeSeries[] {
  const { fromMs, toMs, features } = window;
  if (toMs < fromMs) return [];
  const stepMs = Math.max(1, window.stepMs, Math.ceil((toMs - fromMs) / stepsMax));
  try {
    return rangeQuery(recording, expr, fromMs, toMs, stepMs, { features }).series.filter(
      ({ times }) => times.length > 0,
    );
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

export function isEmpty(expr: Expr, about: FalseExpr): boolean {
  return seriesOf(expr, about).length === 0;
}

export function quoted(expr: Expr, { text }: FalseExpr): string {
  return text.slice(expr.start, expr.end).replace(/\s+/g, ' ');
}

/** When any of the series had a value, first and last; only for series that have one. */
export function spanOf(series: readonly RangeSeries[]): { readonly from: number; readonly to: number } {
  const from = Math.min(...series.map(({ times }) => times[0]!));
  const to = Math.max(...series.map(({ times }) => times.at(-1)!));
  return { from, to };
}

/** A part that did its share, for the list of all parts. */
export function wasTrue(expr: Expr, about: FalseExpr): Evidence {
  const { from, to } = spanOf(seriesOf(expr, about));
  const seconds = Math.round((to - from) / 1000);
  return {
    label: 'true',
    value: `${quoted(expr, about)}${seconds > 0 ? `, from here for ${seconds}s` : ''}`,
    at: from,
  };
}
