// Requests of our own that got no answer while the fault was there, and that the objective's counter never saw. Its users
// would have seen errors, though the service cannot tell of them: they count as errors, and not as missing traffic.

import { createMatcher, type Matcher } from '../../base/matcher.ts';
import type { Expr } from '../../promql/ast.ts';
import { scalarOperator } from '../../promql/binary/operators.ts';
import { rangeQuery } from '../../promql/engine.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { TopComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import { gainOf, totalsOf } from './event-count.ts';
import type { EventShare } from './event-share.ts';
import type { RunFacts } from './facts.ts';
import { generatorMatchers, ownRequests } from './offered-traffic.ts';
import { stepsOf, type Window } from './readings.ts';
import { eventsAtSteps } from './share-counts.ts';
import type { Reading } from './stretches.ts';

/** As our traffic writes them down: what ended without an answer. */
const unansweredCodes = 'timeout|refused|reset|dropped|error';
const unansweredMatchers = [...generatorMatchers, createMatcher('code', '=~', unansweredCodes)];

/** How many were lost from the injection to the undo; 0 where the objective counts other traffic than ours. */
export function lostRequests(recording: Queryable, objective: Expr, facts: RunFacts): number {
  const totals = totalsOf(objective);
  const injectedAt = facts.injectedAt!;
  const own = ownRequests(recording, totals, facts.baselineAt ?? facts.startedAt, injectedAt);
  if (own === undefined) return 0;
  const gain = (counters: readonly (readonly Matcher[])[]) =>
    gainOf(recording, counters, injectedAt, facts.undoneAt ?? facts.endedAt).gain;
  return lostOf(own * gain([generatorMatchers]), gain(totals), gain([unansweredMatchers]));
}

/** Only what is missing and known to be unanswered: what a cache answered is not lost. */
function lostOf(expected: number, seen: number, unanswered: number): number {
  return Math.min(Math.max(0, expected - seen), unanswered);
}

/**
 * The readings since the injection with what was lost among the bad, where the share has one series. The value of a
 * percentile stays what the answered requests took; only its bound is judged anew.
 */
export function withLostRequests(
  recording: Queryable,
  share: EventShare,
  objective: Expr,
  comparison: TopComparison,
  readings: readonly Reading[],
  window: Window,
  facts: RunFacts,
): readonly Reading[] {
  const { rangeMs } = share;
  const injectedAt = facts.injectedAt!;
  if (rangeMs === undefined || lostRequests(recording, objective, facts) < 1) return readings;
  const totals = totalsOf(objective);
  const own = ownRequests(recording, totals, facts.baselineAt ?? facts.startedAt, injectedAt) ?? 1;
  const { fromMs, toMs, stepMs, features } = window;
  const values = rangeQuery(recording, share.value(rangeMs), fromMs, toMs, stepMs, { features }).series;
  if (values.length > 1) return readings;
  const gained = (code: string) => {
    const text = `sum(increase(firedrill_requests_total{job="firedrill"${code}}[${Math.round(rangeMs)}ms]))`;
    const parsed = parseExpr(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    return new Map(stepsOf(recording, parsed.expr, window).map(({ at, values: [sum = 0] }) => [at, sum]));
  };
  const sent = gained('');
  const unanswered = gained(`, code=~"${unansweredCodes}"`);
  const seen = eventsAtSteps(recording, share, rangeMs, window);
  const times = values[0]?.times ?? new Float64Array();
  const shares = new Map(
    Array.from(times, (at, index) => [at, share.goodShareOf(values[0]!.values[index]!)]),
  );
  return readings.map((reading) => {
    const { at } = reading;
    if (at <= injectedAt) return reading;
    const events = seen.get(at) ?? 0;
    const lost = lostOf(own * (sent.get(at) ?? 0), events, unanswered.get(at) ?? 0);
    if (lost < 1) return reading;
    const goodShare = events > 0 ? shares.get(at) : 0;
    const all =
      ((goodShare !== undefined && !Number.isNaN(goodShare) ? goodShare : 0) * events) / (events + lost);
    return { at, ...judged(share, comparison, all, reading) };
  });
}

function judged(
  share: EventShare,
  { operator, threshold }: TopComparison,
  goodShare: number,
  { value }: Reading,
): Pick<Reading, 'bounds' | 'value'> {
  if (share.what === 'percentile') return { bounds: goodShare >= share.target ? 'in' : 'out', value };
  const measured = share.valueOf(goodShare);
  return { bounds: scalarOperator(operator)!(measured, threshold!) === 1 ? 'in' : 'out', value: measured };
}
