// Objectives that leave a budget: SLOs, and PromQL on a share of events with a target, which get 30 days. What a stretch of
// the run took of it is counted from the recording.

import { parseExpr } from '../../promql/parser.ts';
import { topComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { ObjectiveSpec } from '../model.ts';
import { shareOf } from './event-share.ts';
import type { RunFacts } from './facts.ts';
import { countShare } from './share-counts.ts';
import { badShareOf } from './slo.ts';

export interface Budgeted {
  readonly objective: string;
  /** The share that may fail, in (0, 1). */
  readonly errorBudget: number;
  readonly windowMs: number;
  /** `30d`. */
  readonly windowText: string;
  /** Of the events, or of the time, between two moments; undefined without data. */
  badShare(fromMs: number, toMs: number): number | undefined;
  /** Undefined where nothing counts events. */
  events(fromMs: number, toMs: number): EventCount | undefined;
}

interface EventCount {
  readonly bad: number;
  readonly total: number;
}

export const budgetPeriodMs = 30 * 86_400_000;

/** Undefined for objectives without a budget, and those that do not parse. */
export function budgetedOf(
  { name, promql, slo }: ObjectiveSpec,
  { features }: RunFacts,
  recording: Queryable,
): Budgeted | undefined {
  const parsed = parseExpr(promql, { features });
  const comparison = parsed.ok ? topComparison(parsed.expr) : undefined;
  const share = comparison && shareOf(comparison, slo);
  const errorBudget = slo ? slo.target.errorBudget : share ? Number((1 - share.target).toPrecision(12)) : 0;
  if (!(errorBudget > 0 && errorBudget < 1)) return undefined;
  const events = (fromMs: number, toMs: number): EventCount | undefined => {
    if (!share || toMs <= fromMs) return undefined;
    const counts = countShare(recording, share, toMs, toMs - fromMs, features);
    const total = counts.reduce((sum, count) => sum + count.events, 0);
    const bad = counts.reduce((sum, count) => sum + count.events * (1 - count.goodShare), 0);
    return total > 0 ? { bad, total } : undefined;
  };
  const badShare = (fromMs: number, toMs: number): number | undefined => {
    if (toMs <= fromMs) return undefined;
    if (slo) return badShareOf(recording, slo, { fromMs, toMs }, features);
    const counted = events(fromMs, toMs);
    return counted && counted.bad / counted.total;
  };
  return {
    objective: name,
    errorBudget,
    windowMs: slo?.window.durationMs ?? budgetPeriodMs,
    windowText: slo?.window.text ?? '30d',
    badShare,
    events,
  };
}
