// How long detection takes at worst, from the rule's and the routing tree's own settings: every hop waits for the next
// tick of the one before. Nothing here looks at a run; the plan says it beforehand, the judge shows it beside what was
// observed.
//
//     condition true → scrape → the range fills → evaluation → `for` → group_wait → told
//
// The scrape has seen it after at most one scrape interval; an average over a range has reached its level when the
// range is full; each evaluation in between (recording rules, then the alert) waits at most one interval; `for` is
// over at the first evaluation after it. A new group waits group_wait, one that is open already group_interval.

export interface RuleTiming {
  readonly scrapeIntervalMs: number;
  /** Of the alert's own group. */
  readonly evaluationIntervalMs: number;
  readonly forMs: number;
  readonly keepFiringForMs?: number;
  /** Longest range that the expression reads; 0 for a plain selector. */
  readonly rangeMs?: number;
  /** How much of it must be filled at least, where a closed form says so: with every request failing. */
  readonly leastRangeMs?: number;
  /** Evaluation intervals of recording rules in other groups that the alert reads, added up. */
  readonly upstreamEvaluationMs?: number;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
}

/** Milliseconds from the moment when the condition becomes (or stops being) true in the system. */
export interface Prediction {
  /** It cannot fire sooner: one evaluation that sees it, then `for`. */
  readonly leastFiringMs: number;
  readonly worstFiringMs: number;
  readonly leastNotifiedMs: number;
  /** When it opens a new group, which is what a drill in a steady system sees. */
  readonly worstNotifiedMs: number;
  /** When another alert has opened its group already. */
  readonly worstNotifiedInOpenGroupMs: number;
  readonly worstResolvedMs: number;
  readonly worstResolvedNotifiedMs: number;
}

export function predictRule(timing: RuleTiming): Prediction {
  const { scrapeIntervalMs, evaluationIntervalMs, groupWaitMs, groupIntervalMs } = timing;
  const waitMs = forTicksMs(timing.forMs, evaluationIntervalMs);
  const seenMs =
    scrapeIntervalMs + (timing.rangeMs ?? 0) + (timing.upstreamEvaluationMs ?? 0) + evaluationIntervalMs;
  const worstFiringMs = seenMs + waitMs;
  const leastFiringMs = (timing.leastRangeMs ?? 0) + waitMs;
  const worstResolvedMs = seenMs + (timing.keepFiringForMs ?? 0);
  return {
    leastFiringMs,
    worstFiringMs,
    leastNotifiedMs: leastFiringMs + groupWaitMs,
    worstNotifiedMs: worstFiringMs + groupWaitMs,
    worstNotifiedInOpenGroupMs: worstFiringMs + groupIntervalMs,
    worstResolvedMs,
    worstResolvedNotifiedMs: worstResolvedMs + groupIntervalMs,
  };
}

/** `for` counts evaluations: it is over at the first one that is at least so much later than the first true one. */
export function forTicksMs(forMs: number, evaluationIntervalMs: number): number {
  return Math.ceil(forMs / evaluationIntervalMs) * evaluationIntervalMs;
}

export interface Deadlines {
  readonly firesWithinMs?: number | undefined;
  readonly notifiesWithinMs?: number | undefined;
}

export interface DeadlineProblem {
  readonly deadline: 'fires' | 'notifies';
  readonly withinMs: number;
  /** Even with every tick at the best moment. */
  readonly leastMs: number;
  readonly worstMs: number;
  /** `impossible`: no run can meet it; `by-luck`: only when the ticks fall well. */
  readonly kind: 'impossible' | 'by-luck';
}

/** The deadlines that the rule cannot meet, or only by luck. */
export function deadlineProblems(prediction: Prediction, deadlines: Deadlines): DeadlineProblem[] {
  const { leastFiringMs, worstFiringMs, leastNotifiedMs, worstNotifiedMs } = prediction;
  const hops = [
    { deadline: 'fires', withinMs: deadlines.firesWithinMs, leastMs: leastFiringMs, worstMs: worstFiringMs },
    {
      deadline: 'notifies',
      withinMs: deadlines.notifiesWithinMs,
      leastMs: leastNotifiedMs,
      worstMs: worstNotifiedMs,
    },
  ] as const;
  return hops.flatMap(({ deadline, withinMs, leastMs, worstMs }) =>
    withinMs === undefined || withinMs >= worstMs
      ? []
      : [
          {
            deadline,
            withinMs,
            leastMs,
            worstMs,
            kind: withinMs < leastMs ? 'impossible' : 'by-luck',
          } as const,
        ],
  );
}

export interface Provability {
  /** The fault lasts long enough for the alert to ring while it is there, in the worst case. */
  readonly canRing: boolean;
  /** The fault lasts past the last deadline, so that silence would be proof that the alert is broken. */
  readonly canMiss: boolean;
  /** How long the fault must last for both. */
  readonly neededFaultMs: number;
}

/**
 * Whether a fault of this length can prove the alert right or wrong. `breachAfterMs` is how long the fault takes to
 * break the objective, where that is known; the deadlines count from then.
 */
export function provability(
  prediction: Prediction,
  deadlines: Deadlines,
  faultMs: number,
  breachAfterMs = 0,
): Provability {
  const toldMs =
    deadlines.notifiesWithinMs === undefined ? prediction.worstFiringMs : prediction.worstNotifiedMs;
  const deadlineMs = Math.max(deadlines.firesWithinMs ?? 0, deadlines.notifiesWithinMs ?? 0);
  const ringMs = breachAfterMs + toldMs;
  const missMs = breachAfterMs + deadlineMs;
  return {
    canRing: ringMs <= faultMs,
    canMiss: missMs <= faultMs,
    neededFaultMs: Math.max(ringMs, missMs),
  };
}
