// Whether the system was asked as much during the fault as before it. Requests of our own are sent at a rate that
// nothing changes, so that what their answers lack was lost to the fault; all other traffic is known only by what the
// objective's own counter saw of it.

import { createMatcher } from '../../base/matcher.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import { gainOf, totalsOf } from './event-count.ts';
import type { ObjectiveCase } from './objective-finding.ts';

/** Requests per second in the two phases. */
export interface TrafficMove {
  readonly before: number;
  readonly during: number;
}

/** More than this share of the baseline's rate. */
const moveMax = 0.3;

/** Undefined while the offered traffic stayed what it was, or is not known. */
export function trafficMove({ recording, expr, facts, injectedAt }: ObjectiveCase): TrafficMove | undefined {
  const totals = totalsOf(expr);
  const fromMs = facts.baselineAt ?? facts.startedAt;
  if (totals.length === 0 || ownRequests(recording, totals, fromMs, injectedAt)) return undefined;
  const before = rateOf(recording, totals, fromMs, injectedAt);
  const during = rateOf(recording, totals, injectedAt, facts.undoneAt ?? facts.endedAt);
  if (!before || during === undefined) return undefined;
  return Math.abs(during - before) > moveMax * before ? { before, during } : undefined;
}

type Totals = ReturnType<typeof totalsOf>;

/** Events per second between the first and the last sample; undefined with fewer than two. */
function rateOf(recording: Queryable, totals: Totals, fromMs: number, toMs: number): number | undefined {
  const { gain, seenFromMs, seenToMs } = gainOf(recording, totals, fromMs, toMs);
  return seenToMs > seenFromMs ? (gain / (seenToMs - seenFromMs)) * 1000 : undefined;
}

/** What `firedrill_requests_total` is selected by. */
export const generatorMatchers = [
  createMatcher('job', '=', 'firedrill'),
  createMatcher('__name__', '=', 'firedrill_requests_total'),
];

/** Health checks and scrapes are counted beside requests. */
const toleranceOfOwn = 0.2;

/** How many of its events the objective counts for each request that we sent; undefined where they are others'. */
export function ownRequests(
  recording: Queryable,
  totals: Totals,
  fromMs: number,
  toMs: number,
): number | undefined {
  const sent = gainOf(recording, [generatorMatchers], fromMs, toMs).gain;
  const counted = gainOf(recording, totals, fromMs, toMs).gain;
  if (sent === 0) return undefined;
  const share = counted / sent;
  return Math.abs(share - 1) <= toleranceOfOwn ? share : undefined;
}
