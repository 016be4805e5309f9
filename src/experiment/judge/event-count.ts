// How many events a ratio or a percentile was computed from. Two requests do not make a percentile.

import { metricName } from '../../base/labels.ts';
import { createMatcher, type Matcher } from '../../base/matcher.ts';
import { type Expr, unwrapParens } from '../../promql/ast.ts';
import { childrenOf, selectorsOf, topComparison } from '../../promql/walk.ts';
import { present, type Queryable, type SeriesView } from '../../telemetry/metrics/series.ts';
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
): FewEvents | undefined {
  const totals = totalsOf(topComparison(objective)?.left ?? objective);
  if (totals.length === 0) return undefined;
  const phases = [
    { phase: 'baseline', from: facts.baselineAt ?? facts.startedAt, to: facts.injectedAt! },
    { phase: 'fault', from: facts.injectedAt!, to: facts.undoneAt ?? facts.endedAt },
  ] as const;
  for (const { phase, from, to } of phases) {
    const count = totals
      .flatMap((matchers) => recording.select(matchers, from, to))
      .reduce((sum, view) => sum + increaseOf(view), 0);
    if (count < needed) return { phase, count, needed };
  }
  return undefined;
}

/** The counters that count every event: what a ratio divides by, or the observations of a histogram. */
function totalsOf(expr: Expr): Matcher[][] {
  const top = unwrapParens(expr);
  if (top.kind === 'binary' && top.operator === '/' && selectorsOf(top.right).length > 0)
    return totalsOf(top.right);
  if (top.kind === 'call' && top.name === 'histogram_quantile') {
    return selectorsOf(top).map(({ matchers }) => [
      ...matchers.filter((matcher) => matcher.name !== 'le'),
      createMatcher('le', '=', '+Inf'),
    ]);
  }
  if (top.kind === 'call' && /^(rate|irate|increase)$/.test(top.name))
    return selectorsOf(top)
      .filter(countsEvents)
      .map(({ matchers }) => [...matchers]);
  return childrenOf(top).flatMap(totalsOf);
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
    if (view.states[i - view.offset] !== present) continue;
    const value = view.values[i - view.offset]!;
    if (last !== undefined) sum += value >= last ? value - last : value;
    last = value;
  }
  return sum;
}
