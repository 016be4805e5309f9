// What judging one alert works with, and what each step of it answers.

import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { AlertSpec, Experiment } from '../model.ts';
import type { PlannedRule } from '../timeline.ts';
import type { AlertVerdictName, Evidence, Judgement } from '../verdict.ts';
import type { AlertHistory } from './alert-history.ts';
import type { RunFacts } from './facts.ts';
import type { HeldRun } from './held-run.ts';
import type { ObjectiveFinding } from './objective-finding.ts';

export interface AlertFinding {
  readonly verdict: AlertVerdictName;
  readonly judgement: Judgement;
  readonly reason: string;
  readonly evidence?: readonly Evidence[];
  /** The assumption behind a projected verdict. */
  readonly projected?: string;
}

export interface AlertCase {
  readonly spec: AlertSpec;
  /** What it is called in sentences: its name, with its labels where another entry has the same name. */
  readonly title: string;
  readonly experiment: Experiment;
  readonly facts: RunFacts;
  readonly recording: Queryable;
  /** The recording without the history that long windows were given. */
  readonly live: Queryable;
  readonly history: AlertHistory;
  readonly rules: readonly PlannedRule[];
  /** Of the objectives that it guards. */
  readonly guarded: readonly ObjectiveFinding[];
  readonly injectedAt: number;
  /** A fault was shown to have hit something. */
  readonly faultHit: boolean;
  readonly projection: boolean;
  /** The run as it would have gone on. */
  readonly held: HeldRun;
}

/** An alert that has to ring: since when, for how long, and by when. Unix milliseconds. */
export interface RingDuty {
  /** Where the deadlines count from, and what that is, for sentences: `the breach`, `the injection`. */
  readonly from: number;
  readonly fromWhat: string;
  /** When there was nothing left to ring for; null while there was. */
  readonly until: number | null;
  /** It was over because the fault was taken away, not by itself. */
  readonly endedByUndo: boolean;
  readonly firesBy: number;
  readonly notifiesBy: number | null;
  /** A breach is dated by readings: what happens within one of them happens at the same time. */
  readonly toleranceMs: number;
}

export function right(
  verdict: AlertVerdictName,
  reason: string,
  evidence: readonly Evidence[] = [],
): AlertFinding {
  return { verdict, judgement: 'right', reason, evidence };
}

export function wrong(
  verdict: AlertVerdictName,
  reason: string,
  evidence: readonly Evidence[] = [],
): AlertFinding {
  return { verdict, judgement: 'wrong', reason, evidence };
}

export function unproven(
  verdict: AlertVerdictName,
  reason: string,
  evidence: readonly Evidence[] = [],
): AlertFinding {
  return { verdict, judgement: 'inconclusive', reason, evidence };
}
