// From the items to the two halves, and from the halves and what happened to the run to its verdict.

import type { Experiment } from '../model.ts';
import type {
  AlertVerdict,
  CollateralAlert,
  FaultVerdict,
  Half,
  Judgement,
  ObjectiveVerdict,
  RunVerdict,
} from '../verdict.ts';
import type { RunFacts } from './facts.ts';

export interface Items {
  readonly objectives: readonly ObjectiveVerdict[];
  readonly alerts: readonly AlertVerdict[];
  readonly faults: readonly FaultVerdict[];
  readonly collateral: readonly CollateralAlert[];
}

export interface RunJudgement {
  readonly verdict: RunVerdict;
  readonly resilience: Half | null;
  readonly detection: Half | null;
  /** Why the run as a whole is stopped, an error or inconclusive. */
  readonly reason: string | null;
}

export function judgeRun(experiment: Experiment, facts: RunFacts, items: Items): RunJudgement {
  const disturbed = facts.disturbances.length > 0;
  // With another hand in the run nothing is proven, for or against; each item still says what it saw.
  const cap = (half: Half | null): Half | null => (half === null || !disturbed ? half : 'inconclusive');
  const resilience = cap(resilienceOf(items));
  const detection = cap(detectionOf(experiment, items));
  const reason = reasonOf(facts);
  return { verdict: verdictOf(facts, [resilience, detection], items, reason), resilience, detection, reason };
}

function resilienceOf({ objectives, faults }: Items): Half | null {
  if (objectives.length === 0) return null;
  return worst([...judgements(objectives), ...judgements(faults)]);
}

function detectionOf(experiment: Experiment, { objectives, alerts, collateral }: Items): Half | null {
  if (alerts.length === 0) return collateral.some((alert) => alert.judgement === 'wrong') ? 'fail' : null;
  const guarded = new Set(experiment.alerts.flatMap((alert) => alert.guards));
  const blind = objectives.filter(({ name, judgement }) => guarded.has(name) && judgement === 'inconclusive');
  return worst([...judgements(alerts), ...judgements(blind), ...collateral.map((alert) => alert.judgement)]);
}

function judgements(items: readonly { readonly judgement: Judgement }[]): Judgement[] {
  return items.map((item) => item.judgement);
}

/** A proven failure outranks blindness elsewhere. */
function worst(all: readonly Judgement[]): Half {
  if (all.includes('wrong')) return 'fail';
  return all.includes('inconclusive') ? 'inconclusive' : 'pass';
}

function reasonOf(facts: RunFacts): string | null {
  if (facts.stuck.length > 0) return 'not-undone';
  if (facts.events.length === 0) return 'empty';
  if (facts.outcome === 'error') return facts.outcomeReason ?? 'error';
  if (facts.outcome === null) return 'interrupted';
  if (facts.outcome === 'stopped') return facts.stop?.reason ?? facts.outcomeReason ?? 'stopped';
  if (facts.unsteady) return 'not-steady';
  return facts.disturbances.length > 0 ? 'disturbed' : null;
}

function verdictOf(
  facts: RunFacts,
  halves: readonly (Half | null)[],
  items: Items,
  reason: string | null,
): RunVerdict {
  if (facts.stuck.length > 0 || facts.outcome === 'error' || facts.outcome === null) return 'error';
  if (facts.outcome === 'stopped') return 'stopped';
  if (halves.includes('fail')) return 'fail';
  const blind = halves.includes('inconclusive') || reason !== null;
  // Also without objectives a fault that hit nothing proves nothing.
  const idle = items.faults.some((fault) => fault.judgement !== 'right');
  return blind || idle ? 'inconclusive' : 'pass';
}
