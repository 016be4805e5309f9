// An objective on its way to a verdict, and the verdict with its evidence.

import type { Expr } from '../../promql/ast.ts';
import { printExpr } from '../../promql/printer.ts';
import type { TopComparison } from '../../promql/walk.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { ObjectiveSpec } from '../model.ts';
import type { Evidence, Judgement, ObjectiveVerdict, ObjectiveVerdictName } from '../verdict.ts';
import type { EventShare } from './event-share.ts';
import type { RunFacts } from './facts.ts';
import { sinceUndo } from './moments.ts';
import type { ObjectiveWords } from './objective-words.ts';
import { worstOf } from './readings.ts';
import { type Reading, type Recovery, recoveryAfter, type Stretch } from './stretches.ts';

/** What the alerts that guard it, and the reports, need to know. */
export interface ObjectiveFinding {
  readonly spec: ObjectiveSpec;
  readonly verdict: Omit<ObjectiveVerdict, 'detectedBy'>;
  /** Whether it broke, as far as anyone can tell. */
  readonly state: 'broken' | 'unbroken' | 'unknown';
  readonly breaches: readonly Stretch[];
  /** Too short to count. */
  readonly blips: readonly Stretch[];
  readonly readings: readonly Reading[];
  readonly stepMs: number;
  /** The longest range that it reads: for so long it remembers what is over. */
  readonly memoryMs: number;
}

/** What one step of judging answers. */
export interface Decision {
  readonly verdict: ObjectiveVerdictName;
  readonly judgement: Judgement;
  readonly reason: string;
  readonly state: ObjectiveFinding['state'];
  readonly evidence?: readonly Evidence[];
}

/** One objective of a run whose fault was injected, read from the recording. */
export interface ObjectiveCase {
  readonly spec: ObjectiveSpec;
  readonly facts: RunFacts;
  readonly recording: Queryable;
  readonly expr: Expr;
  readonly injectedAt: number;
  readonly breachForMs: number;
  /** From the baseline to the end. */
  readonly stretches: readonly Stretch[];
  readonly breaches: readonly Stretch[];
  readonly blips: readonly Stretch[];
  readonly words: ObjectiveWords;
  /** Where it is about a share of events. */
  readonly share: EventShare | undefined;
  /** Our own requests that the fault swallowed; 0 where the objective counts other traffic. */
  readonly lost: number;
}

/** Only for an objective that broke. */
export function recoveryOf({ spec, facts, stretches, breaches }: ObjectiveCase): Recovery {
  return recoveryAfter(stretches, breaches, facts.undoneAt, spec.recovers, facts.endedAt);
}

/** `comparison` and `objective` are missing where judging ended before they were known. */
export function findingOf(
  seen: Pick<ObjectiveFinding, 'spec' | 'breaches' | 'blips' | 'readings' | 'stepMs' | 'memoryMs'>,
  decision: Decision,
  comparison: TopComparison | undefined,
  objective: ObjectiveCase | null,
): ObjectiveFinding {
  const { spec, breaches } = seen;
  const recovery = objective && breaches.length > 0 ? recoveryOf(objective) : null;
  const recovered = recovery && 'at' in recovery ? recovery.at : null;
  return {
    ...seen,
    state: decision.state,
    verdict: {
      name: spec.name,
      verdict: decision.verdict,
      judgement: decision.judgement,
      reason: decision.reason,
      evidence: [
        ...(objective ? objectiveEvidence(objective, comparison!, recovered) : []),
        ...(decision.evidence ?? []),
      ],
      expect: spec.expect,
      promql: spec.promql,
      comparison: {
        expr: comparison ? printExpr(comparison.left) : spec.promql,
        operator: comparison?.operator ?? '',
        threshold: comparison?.threshold ?? null,
      },
      times: { breached: breaches[0]?.from ?? null, recovered },
    },
  };
}

function objectiveEvidence(
  objective: ObjectiveCase,
  comparison: TopComparison,
  recovered: number | null,
): Evidence[] {
  const { words, breaches, blips } = objective;
  const worst = worstReading(objective, comparison);
  return [
    { label: 'bound', value: words.bound },
    ...(worst ? [{ label: 'worst value', value: words.quantity(worst.value!), at: worst.at }] : []),
    ...breaches.map((breach) => ({ label: 'breach', value: words.length(breach), at: breach.from })),
    ...blips.map((blip) => ({ label: 'blip', value: words.length(blip), at: blip.from })),
    ...(recovered === null
      ? []
      : [{ label: 'back in bounds', value: sinceUndo(recovered, objective.facts), at: recovered }]),
  ];
}

function worstReading(
  { stretches, injectedAt }: ObjectiveCase,
  comparison: TopComparison,
): Reading | undefined {
  const readings = stretches
    .flatMap((stretch) => stretch.readings)
    .filter((reading) => reading.at > injectedAt && reading.value !== null);
  const worst = worstOf(
    readings.map((reading) => reading.value!),
    comparison,
  );
  return readings.find((reading) => reading.value === worst);
}
