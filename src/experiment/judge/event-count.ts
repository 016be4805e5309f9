// How many events a ratio or a percentile was computed from. Two requests do not make a percentile.

import { metricName } from '../../base/labels.ts';
import { createMatcher, type Matcher } from '../../base/matcher.ts';
import { type Expr, unwrapParens } from '../../promql/ast.ts';
import { childrenOf, selectorsOf, topComparison } from '../../promql/walk.ts';
import {
  histogramPresent,
  present,
  type Queryable,
  type SeriesView,
} from '../../telemetry/metrics/series.ts';
import { largest, smallest } from './extremes.ts';
import type { RunFacts } from './facts.ts';

export interface FewEvents {
  readonly phase: 'baseline' | 'fault';
  readonly count: number;
  readonly needed: number;
}

/** The first phase with fewer events than needed; undefined when there are enough, or nothing that counts events. */
export function tooFewEvents(
  recording: Queryable,
  objective: Expr,
  facts: RunFacts,
  needed: number,
  /** Requests that got lost while the fault was there, and that no counter of the objective saw. */
  lost: number,
): FewEvents | undefined {
  const totals = totalsOf(objective);
  if (totals.length === 0) return undefined;
  const phases = [
    { phase: 'baseline', from: facts.baselineAt ?? facts.startedAt, to: facts.injectedAt! },
    { phase: 'fault', from: facts.injectedAt!, to: facts.undoneAt ?? facts.endedAt },
  ] as const;
  for (const { phase, from, to } of phases) {
    const count = gainOf(recording, totals, from, to).gain + (phase === 'fault' ? lost : 0);
    if (count < needed) return { phase, count, needed };
  }
  return undefined;
}

/** What counters gained between two times, and the times of the first and the last sample that say so. */
export interface Gain {
  readonly gain: number;
  readonly seenFromMs: number;
  readonly seenToMs: number;
}

export function gainOf(
  recording: Queryable,
  counters: readonly (readonly Matcher[])[],
  fromMs: number,
  toMs: number,
): Gain {
  const views = counters.flatMap((matchers) => recording.select(matchers, fromMs, toMs));
  const times = views.flatMap(({ column, first, last }) =>
    first < last ? [column.times[first]!, column.times[last - 1]!] : [],
  );
  return {
    gain: views.reduce((sum, view) => sum + increaseOf(view), 0),
    seenFromMs: smallest(times),
    seenToMs: largest(times),
  };
}

/** The counters that count every event of an objective: what a ratio divides by, or the observations of a histogram. */
export function totalsOf(objective: Expr): Matcher[][] {
  return totalsIn(topComparison(objective)?.left ?? objective);
}

function totalsIn(expr: Expr): Matcher[][] {
  const top = unwrapParens(expr);
  if (top.kind === 'binary' && top.operator === '/' && selectorsOf(top.right).length > 0)
    return totalsIn(top.right);
  if (top.kind === 'call' && top.name === 'histogram_quantile') {
    // Of a classic histogram the last bucket holds all; a native one has no such label and counts by itself.
    return selectorsOf(top).flatMap(({ matchers }) =>
      ['+Inf', ''].map((le) => [
        ...matchers.filter((matcher) => matcher.name !== 'le'),
        createMatcher('le', '=', le),
      ]),
    );
  }
  if (top.kind === 'call' && /^(rate|irate|increase)$/.test(top.name))
    return selectorsOf(top)
      .filter(countsEvents)
      .map(({ matchers }) => [...matchers]);
  return childrenOf(top).flatMap(totalsIn);
}

/** By naming convention: a counter of events ends in `_total` or `_count`; one of bytes or seconds does not count them. */
function countsEvents({ matchers }: { readonly matchers: readonly Matcher[] }): boolean {
  const name = matchers.find((matcher) => matcher.name === metricName)?.value ?? '';
  return /_(total|count)$/.test(name) && !/_(bytes|seconds)_total$/.test(name);
}

/** Counter increase over the view, resets included. */
function increaseOf(view: SeriesView): number {
  let sum = 0;
  let last: number | undefined;
  for (let i = view.first; i < view.last; i++) {
    const value = countAt(view, i - view.offset);
    if (value === undefined) continue;
    if (last !== undefined) sum += value >= last ? value - last : value;
    last = value;
  }
  return sum;
}

function countAt({ states, values, histograms }: SeriesView, slot: number): number | undefined {
  if (states[slot] === present) return values[slot];
  return states[slot] === histogramPresent ? histograms?.[slot]?.count : undefined;
}
