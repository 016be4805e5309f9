// How long each phase takes. `auto` is long enough for every deadline that is counted in it: the baseline for what
// the expressions look back on, the recovery for the last deadline that counts from the undo.

import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { Experiment } from '../model.ts';
import type { PlannedAlert } from '../timeline.ts';
import { longestRangeMs } from './known-rule.ts';

export interface PhaseLengths {
  readonly baselineMs: number;
  /** Zero when every fault is one-shot: the recovery then begins with the injection. */
  readonly faultMs: number;
  readonly recoveryMs: number;
}

/** Start, stop and the reports, beside the phases. */
export const overheadMs = 5000;
/** A longer range is not waited for: it would be history's task, and the plan says that it is cold. */
const baselineRangeMsMax = 5 * 60_000;
const baselineMsMin = 5000;

export function phaseLengths(
  experiment: Experiment,
  alerts: readonly PlannedAlert[],
  scrapeIntervalMs: number,
): PhaseLengths {
  const { baseline, recovery } = experiment.phases;
  const knownMs = longestFaultMs(experiment);
  const baselineMs = baseline === 'auto' ? autoBaseline(experiment, alerts, scrapeIntervalMs) : baseline;
  const recoveryMs =
    recovery === 'auto' ? autoRecovery(experiment, alerts, scrapeIntervalMs, knownMs ?? 1) : recovery;
  // What nothing else ends goes on as long as the run may.
  const restMs = experiment.limits.runTimeMs - baselineMs - recoveryMs - overheadMs;
  return { baselineMs, faultMs: knownMs ?? Math.max(0, restMs), recoveryMs };
}

/** Of all faults and workflows; undefined when one of them is bounded by nothing. */
function longestFaultMs({ faults, workflows = [] }: Experiment): number | undefined {
  const own = faults.filter((fault) => fault.workflow === undefined).map((fault) => fault.durationMs ?? 0);
  const lengths = workflows.map((workflow) => workflow.lengthMs);
  if (lengths.includes(undefined)) return undefined;
  return Math.max(0, ...own, ...lengths.map((ms) => ms ?? 0));
}

function autoBaseline(
  experiment: Experiment,
  alerts: readonly PlannedAlert[],
  scrapeIntervalMs: number,
): number {
  const rules = alerts.flatMap((alert) => alert.rules);
  const ranges = [
    ...experiment.objectives.map((objective) => rangeOf(objective.promql)),
    ...rules.map((rule) => rule.longestRangeMs),
  ];
  const rangeMs = Math.min(baselineRangeMsMax, Math.max(0, ...ranges));
  const evaluationMs = Math.max(0, ...rules.map((rule) => rule.evaluationIntervalMs));
  return Math.max(baselineMsMin, 4 * scrapeIntervalMs + rangeMs + evaluationMs);
}

function autoRecovery(
  experiment: Experiment,
  alerts: readonly PlannedAlert[],
  scrapeIntervalMs: number,
  faultMs: number,
): number {
  const objectives = experiment.objectives.map(({ recovers }) => recovers.withinMs + recovers.stableMs);
  const resolutions = experiment.alerts.map((alert) => alert.resolvesWithinMs ?? 0);
  // `rings` counts from the injection, and a one-shot fault has no phase of its own to wait in.
  const late = experiment.alerts
    .filter((alert) => alert.expect === 'rings' || faultMs === 0)
    .map((alert) => Math.max(alert.firesWithinMs ?? 0, alert.notifies?.withinMs ?? 0) - faultMs);
  const rules = alerts.flatMap((alert) => alert.rules);
  const told = Math.max(0, ...rules.flatMap((rule) => rule.routes.map((route) => route.groupIntervalMs)));
  const evaluated = 2 * scrapeIntervalMs + Math.max(0, ...rules.map((rule) => rule.evaluationIntervalMs));
  return (
    Math.max(0, ...objectives, ...resolutions.map((ms) => (ms > 0 ? ms + told : 0)), ...late) + evaluated
  );
}

function rangeOf(promql: string): number {
  const parsed = parseExpr(promql, { features: allFeatures });
  return parsed.ok ? longestRangeMs(parsed.expr) : 0;
}
