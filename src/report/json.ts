// verdict.json, which is also what `--output json` prints: always the same keys in the same order, so that two runs
// can be compared line by line.

import type { LabelRecord } from '../base/labels.ts';
import type {
  AlertHop,
  AlertProjection,
  AlertVerdict,
  CollateralAlert,
  Evidence,
  FaultVerdict,
  ObjectiveCost,
  ObjectiveVerdict,
  TrialVerdict,
  Verdict,
} from '../experiment/verdict.ts';
import { redactReport } from './redact-report.ts';

/** Two spaces of indentation, and a line break at the end. */
export function renderJson(verdict: Verdict, secrets: readonly string[]): string {
  return `${JSON.stringify(orderedVerdict(verdict, secrets), null, 2)}\n`;
}

/** The same as an object, for a document that holds several. Every field is named: a new one must find its place. */
export function orderedVerdict(verdict: Verdict, secrets: readonly string[]): Verdict {
  const safe = redactReport(verdict, secrets);
  const { baseline, injected, undone, ended } = safe.times;
  return {
    schemaVersion: safe.schemaVersion,
    name: safe.name,
    title: safe.title,
    run: safe.run,
    verdict: safe.verdict,
    resilience: safe.resilience,
    detection: safe.detection,
    reason: safe.reason,
    sentence: safe.sentence,
    startedAt: safe.startedAt,
    endedAt: safe.endedAt,
    times: { baseline, injected, undone, ended },
    objectives: safe.objectives.map(orderedObjective),
    alerts: safe.alerts.map(orderedAlert),
    faults: safe.faults.map(orderedFault),
    collateral: safe.collateral.map(orderedCollateral),
    ...(safe.costs && { costs: safe.costs.map(orderedCost) }),
    warnings: safe.warnings,
    notUndone: safe.notUndone,
    report: safe.report,
    runFolder: safe.runFolder,
    ...(safe.trials && { trials: safe.trials.map(orderedTrial) }),
  };
}

function orderedTrial(trial: TrialVerdict): TrialVerdict {
  return {
    trial: trial.trial,
    isCounted: trial.isCounted,
    run: trial.run,
    verdict: trial.verdict,
    resilience: trial.resilience,
    detection: trial.detection,
    reason: trial.reason,
    sentence: trial.sentence,
    startedAt: trial.startedAt,
    endedAt: trial.endedAt,
    report: trial.report,
    runFolder: trial.runFolder,
  };
}

function orderedObjective(objective: ObjectiveVerdict): ObjectiveVerdict {
  const { expr, operator, threshold } = objective.comparison;
  return {
    name: objective.name,
    verdict: objective.verdict,
    judgement: objective.judgement,
    expect: objective.expect,
    reason: objective.reason,
    evidence: objective.evidence.map(orderedEvidence),
    promql: objective.promql,
    comparison: { expr, operator, threshold },
    times: { breached: objective.times.breached, recovered: objective.times.recovered },
    detectedBy: objective.detectedBy,
  };
}

function orderedAlert(alert: AlertVerdict): AlertVerdict {
  const { breached, pending, firing, captured, resolved, resolvedCaptured } = alert.times;
  return {
    name: alert.name,
    labels: orderedLabels(alert.labels),
    verdict: alert.verdict,
    judgement: alert.judgement,
    expect: alert.expect,
    guards: alert.guards,
    receivers: alert.receivers,
    reason: alert.reason,
    times: { breached, pending, firing, captured, resolved, resolvedCaptured },
    predicted: alert.predicted && {
      firingMs: alert.predicted.firingMs,
      notifiedMs: alert.predicted.notifiedMs,
      ...(alert.predicted.projection && { projection: orderedProjection(alert.predicted.projection) }),
    },
    hops: alert.hops.map(orderedHop),
    shorten: alert.shorten && { setting: alert.shorten.setting, text: alert.shorten.text },
    projected: alert.projected,
    evidence: alert.evidence.map(orderedEvidence),
    notes: alert.notes.map(({ kind, text }) => ({ kind, text })),
  };
}

function orderedCost(cost: ObjectiveCost): ObjectiveCost {
  const { objective, errorBudget, lengthMs, badMs, badEvents, events } = cost;
  const { budgetShare, wholeOutageMs, pagesAfter, unpagedMs } = cost;
  return {
    ...{ objective, errorBudget, lengthMs, badMs, badEvents, events, budgetShare, wholeOutageMs },
    pagesAfter: pagesAfter && { alert: pagesAfter.alert, ms: pagesAfter.ms },
    unpagedMs,
  };
}

function orderedProjection(projection: AlertProjection): AlertProjection {
  const { assumption, heldFrom, lookedUntil, firesAt, notifiesAt, limits } = projection;
  const budgets = projection.budgets.map(({ objective, window, spent, exhaustedAt }) => ({
    ...{ objective, window, spent, exhaustedAt },
  }));
  return { assumption, heldFrom, lookedUntil, firesAt, notifiesAt, budgets, limits };
}

function orderedHop({ hop, at, after, tookMs, boundMs, settings, over, detail }: AlertHop): AlertHop {
  const parts = settings.map(({ name, ms }) => ({ name, ms }));
  return { hop, at, after, tookMs, boundMs, settings: parts, over, detail };
}

function orderedFault(fault: FaultVerdict): FaultVerdict {
  return {
    name: fault.name,
    kind: fault.kind,
    verdict: fault.verdict,
    judgement: fault.judgement,
    hits: fault.hits,
    driver: fault.driver,
    targets: fault.targets,
    reason: fault.reason,
    evidence: fault.evidence.map(orderedEvidence),
  };
}

function orderedCollateral(alert: CollateralAlert): CollateralAlert {
  return {
    name: alert.name,
    labels: orderedLabels(alert.labels),
    judgement: alert.judgement,
    reason: alert.reason,
    firingAt: alert.firingAt,
  };
}

function orderedEvidence({ label, value, at }: Evidence): Evidence {
  return at === undefined ? { label, value } : { label, value, at };
}

function orderedLabels(labels: LabelRecord): LabelRecord {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
