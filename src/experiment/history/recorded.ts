// What a recording rule would have recorded over the history, at the coarsest step that its readers allow.

import type { Labels } from '../../base/labels.ts';
import { metricName } from '../../base/labels.ts';
import { rangeQuery } from '../../promql/engine.ts';
import { allFeatures, type Features } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { PlannedRecording, PlannedWindow } from '../timeline.ts';
import type { HeldSeries } from './held-series.ts';
import { mayBe } from './windows.ts';

export interface RecordedSpan {
  /** Both ends included; Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly features: Features;
}

export interface RecordedSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Native histograms are left out. */
export function recordedOver(
  rule: PlannedRecording,
  source: Queryable,
  { fromMs, toMs, stepMs, features }: RecordedSpan,
): RecordedSeries[] {
  const parsed = parseExpr(rule.expr, { features: allFeatures });
  if (!parsed.ok || fromMs > toMs) return [];
  return rangeQuery(source, parsed.expr, fromMs, toMs, stepMs, { features })
    .series.filter(({ histograms }) => histograms === undefined)
    .map(({ labels, times, values }) => ({
      labels: labels.with({ ...rule.labels, [metricName]: rule.name }),
      times,
      values,
    }));
}

/** The windows that read what the rule records. */
export function readersOf(rule: PlannedRecording, windows: readonly PlannedWindow[]): PlannedWindow[] {
  return windows.filter(({ kind, selector }) => {
    const parsed = kind === 'recorded' ? parseExpr(selector, { features: allFeatures }) : undefined;
    return parsed?.ok && parsed.expr.kind === 'vectorSelector' && mayBe(parsed.expr, rule);
  });
}

/** Steps that serve all readers: never closer than the rule is evaluated. */
export function stepFor(rule: PlannedRecording, readers: readonly PlannedWindow[]): number {
  return Math.max(rule.evaluationIntervalMs, Math.min(...readers.map(({ spacingMs }) => spacingMs)));
}

/** Series that two rules record under one set of labels keep the first one's. */
export function hold(history: HeldSeries, series: readonly RecordedSeries[]): void {
  const [longest] = [...series].sort((a, b) => b.times.length - a.times.length);
  const shared = longest && { times: longest.times, length: longest.times.length };
  for (const { labels, times, values } of series) {
    if (history.get(labels)) continue;
    const isWhole = times.length === shared!.length;
    history.add(labels, isWhole ? shared! : { times, length: times.length }, values);
  }
}
