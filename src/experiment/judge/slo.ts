// An SLO in a drill. A fault of minutes cannot break a window of weeks, so that it is broken while its SLI over the fault
// so far is below the target: while the budget burns faster than it would last. Before and after the fault a short
// window is read instead, which forgets quickly enough to see the recovery.

import { humanDuration } from '../../base/duration.ts';
import { instantQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { TopComparison } from '../../promql/walk.ts';
import { sliOver } from '../../slo/sli-over.ts';
import { windowWords } from '../../slo/time-window.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { SloSpec } from '../model.ts';
import type { Evidence } from '../verdict.ts';
import { smallest } from './extremes.ts';
import { formatQuantity } from './quantity.ts';
import { worstOf } from './readings.ts';
import type { Reading } from './stretches.ts';

/** Begin and end of the fault, in Unix milliseconds. */
export interface FaultTime {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Each evaluation reads the fault from its begin; on a long fault they are further apart. */
const evaluationsMax = 1000;

/** `readings` over the short window, with those of the fault replaced once the fault is longer than that. */
export function readSloOverFault(
  recording: Queryable,
  slo: SloSpec,
  comparison: TopComparison,
  readings: readonly Reading[],
  fault: FaultTime,
  shortMs: number,
  features: Features,
): Reading[] {
  const isReplaced = ({ at }: Reading): boolean => at > fault.fromMs + shortMs && at <= fault.toMs;
  const every = Math.ceil(readings.filter(isReplaced).length / evaluationsMax);
  let last: Reading | undefined;
  let skipped = 0;
  return readings.map((reading) => {
    if (!isReplaced(reading)) return reading;
    if (!last || ++skipped >= every) {
      last = reread(recording, slo, comparison, reading.at, fault, features);
      skipped = 0;
    }
    return { ...last, at: reading.at };
  });
}

function reread(
  recording: Queryable,
  slo: SloSpec,
  comparison: TopComparison,
  at: number,
  fault: FaultTime,
  features: Features,
): Reading {
  const values = sliAt(recording, slo, at, at - fault.fromMs, features);
  const value = worstOf(values, comparison);
  const bounds = value === null ? 'none' : value >= slo.target.ratio ? 'in' : 'out';
  return { at, bounds, value };
}

/**
 * The SLI over the last `windowMs`, of each of its series; NaN, which is no traffic, left out. One sample more is read,
 * because what a counter gained in the window is counted from the last sample before it.
 */
function sliAt(
  recording: Queryable,
  slo: SloSpec,
  at: number,
  windowMs: number,
  features: Features,
): number[] {
  const parsed = parseExpr(sliOver(slo.sli, Math.round(windowMs) + slo.sampleMs, { stepMs: slo.sampleMs }));
  if (!parsed.ok) throw new Error(`an SLI that does not parse: ${parsed.error.message}`);
  const result = instantQuery(recording, parsed.expr, at, { features });
  if (result.type !== 'vector') return [];
  return result.samples.map(({ value }) => value).filter((value) => !Number.isNaN(value));
}

export interface BudgetSpent {
  /** Of the budget of the whole window; more than 1 is possible. */
  readonly share: number;
  /** 1 spends the budget in exactly its window. */
  readonly burnRate: number;
  readonly sentence: string;
  readonly evidence: readonly Evidence[];
}

/** What the fault cost of the SLO's budget; undefined without data, or without a budget. */
export function budgetSpent(
  recording: Queryable,
  slo: SloSpec,
  fault: FaultTime,
  features: Features,
): BudgetSpent | undefined {
  const lengthMs = fault.toMs - fault.fromMs;
  const { errorBudget } = slo.target;
  const badShare = lengthMs > 0 ? badShareOf(recording, slo, fault, features) : undefined;
  if (badShare === undefined || errorBudget <= 0) return undefined;
  const burnRate = badShare / errorBudget;
  const share = (burnRate * lengthMs) / slo.window.durationMs;
  const spent = formatQuantity(share, 'ratio');
  const rate = formatQuantity(burnRate);
  const window = windowWords(slo.window);
  return {
    share,
    burnRate,
    sentence: ` In ${humanDuration(lengthMs)} of the fault it spent ${spent} of the error budget of ${window} (burn rate ${rate}), at even traffic.`,
    evidence: [
      { label: 'error budget spent', value: `${spent} of ${window}` },
      { label: 'burn rate', value: rate },
    ],
  };
}

/** How much of a time, or of its events, counts as bad by the SLO's method. */
export function badShareOf(
  recording: Queryable,
  slo: SloSpec,
  { fromMs, toMs }: FaultTime,
  features: Features,
): number | undefined {
  const lengthMs = toMs - fromMs;
  const worst = (at: number, windowMs: number): number | undefined => {
    const values = sliAt(recording, slo, at, windowMs, features);
    return values.length === 0 ? undefined : smallest(values);
  };
  if (slo.budgeting.method !== 'Timeslices') {
    const sli = worst(toMs, lengthMs);
    return sli === undefined ? undefined : 1 - sli;
  }
  const { sliceMs, sliceTarget } = slo.budgeting;
  const step = Math.max(sliceMs, Math.ceil(lengthMs / evaluationsMax));
  let badMs = 0;
  let seen = false;
  for (let from = fromMs; from < toMs; from += step) {
    const to = Math.min(from + step, toMs);
    const sli = worst(to, to - from);
    if (sli === undefined) continue;
    seen = true;
    // A slice that the fault only touches is bad as a whole.
    if (sli < sliceTarget) badMs += Math.max(to - from, sliceMs);
  }
  return seen ? badMs / lengthMs : undefined;
}
