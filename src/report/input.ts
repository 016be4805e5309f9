// What every report is made from. A report reads nothing else: no clock, no file, no environment.

import type { Experiment } from '../experiment/model.ts';
import type { EventOf, EventType, JudgedPlan, TimelineEvent } from '../experiment/timeline.ts';
import type { Verdict } from '../experiment/verdict.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';
import { redactReport } from './redact-report.ts';

export interface ReportInput {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEvent[];
  readonly recording: Queryable;
  readonly verdict: Verdict;
}

/**
 * The same input with every secret taken out of its texts. Objectives are measured on the original input, because an
 * expression may name a secret label value; everything that is shown comes from the redacted one.
 */
export function redactInput(input: ReportInput): ReportInput {
  const { secrets } = input.experiment;
  return {
    experiment: redactReport({ ...input.experiment, secrets: [] }, secrets),
    timeline: redactReport(input.timeline, secrets),
    recording: input.recording,
    verdict: redactReport(input.verdict, secrets),
  };
}

/** The first event of a type, if it happened. */
export function firstEvent<T extends EventType>(
  timeline: readonly TimelineEvent[],
  type: T,
): EventOf<T> | undefined {
  return timeline.find((event) => event.type === type) as EventOf<T> | undefined;
}

export function planOf(timeline: readonly TimelineEvent[]): JudgedPlan | undefined {
  return firstEvent(timeline, 'run.planned')?.plan;
}
