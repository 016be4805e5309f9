// Where the time went between a breach and the pager.

import { humanDuration } from '../../base/duration.ts';
import type { Evidence } from '../verdict.ts';
import type { Interval } from './alert-history.ts';
import type { AlertCase, RingDuty } from './finding.ts';

interface Hop {
  readonly name: string;
  readonly ms: number;
}

/** The hop that took longest, in words, and all of them as evidence. */
export function slowestHop(
  alert: AlertCase,
  duty: RingDuty,
  ring: Interval,
  toldAt: number | null,
): { sentence: string; evidence: Evidence[] } {
  const hops = hopsOf(alert, duty, ring, toldAt);
  const slowest = hops.reduce((best, hop) => (hop.ms > best.ms ? hop : best));
  return {
    sentence: `most of it, ${humanDuration(slowest.ms)}, was ${slowest.name}`,
    evidence: hops.map((hop) => ({ label: hop.name, value: hop.ms === 0 ? 'none' : humanDuration(hop.ms) })),
  };
}

function hopsOf({ rules, history }: AlertCase, duty: RingDuty, ring: Interval, toldAt: number | null): Hop[] {
  const pendingAt = history.pending.filter(({ from }) => from <= ring.from).at(-1)?.from ?? ring.from;
  const forMs = Math.max(0, ...rules.map((rule) => rule.forMs));
  const hops: Hop[] = [
    { name: 'the wait until its expression was true and evaluated', ms: Math.max(0, pendingAt - duty.from) },
    {
      name: forMs > 0 ? `its "for: ${humanDuration(forMs)}"` : 'the time it was pending',
      ms: ring.from - pendingAt,
    },
  ];
  if (toldAt === null) return hops;
  const waitMs = Math.max(0, ...rules.flatMap((rule) => rule.routes.map((route) => route.groupWaitMs)));
  const wait = waitMs > 0 ? ` (group_wait is ${humanDuration(waitMs)})` : '';
  return [...hops, { name: `grouping and delivery${wait}`, ms: toldAt - ring.from }];
}
