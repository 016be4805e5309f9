// One listed alert: what it owes in this run, whether it did it, and what a reader should know beside that.

import { Labels, metricName } from '../../base/labels.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { AlertSpec, Experiment } from '../model.ts';
import type { AlertVerdict } from '../verdict.ts';
import { alertEvidence } from './alert-evidence.ts';
import { type AlertHistory, historyOf, instanceFilter } from './alert-history.ts';
import { hopsOf, shorten } from './alert-hops.ts';
import { notesOn } from './alert-notes.ts';
import { breachDuty, faultDuty } from './duty.ts';
import type { RunFacts } from './facts.ts';
import { type AlertCase, type AlertFinding, unproven } from './finding.ts';
import type { HeldRun } from './held-run.ts';
import { withHistory } from './history.ts';
import { around } from './moments.ts';
import type { ObjectiveFinding } from './objective-finding.ts';
import { projectedTimes } from './projected.ts';
import { judgeRinging } from './ringing.ts';
import { judgeSilence } from './silence.ts';
import { worstCase } from './worst-case.ts';

export interface AlertContext {
  readonly experiment: Experiment;
  readonly facts: RunFacts;
  readonly recording: Queryable;
  /** The recording without the history that long windows were given. */
  readonly live: Queryable;
  readonly objectives: readonly ObjectiveFinding[];
  readonly faultHit: boolean;
  readonly projection: boolean;
  readonly held: HeldRun;
}

export function judgeAlert(spec: AlertSpec, context: AlertContext): AlertVerdict {
  const { experiment, facts } = context;
  const { injectedAt } = facts;
  const title = titleOf(spec, experiment);
  const whole = historyOf(instanceFilter(spec, experiment), facts);
  const history = since(whole, injectedAt ?? Number.POSITIVE_INFINITY);
  const rules = facts.plan?.alerts.find((alert) => samePlan(alert, spec))?.rules ?? [];
  const guarded = context.objectives.filter((finding) => spec.guards.includes(finding.spec.name));
  const alert =
    injectedAt === null ? undefined : { ...context, spec, title, history, rules, guarded, injectedAt };
  const finding = alert ? decided(alert, whole) : neverTested(title, facts);
  const times = timesOf(history, firstBreach(guarded));
  const worst = worstCase(rules);
  const projection = alert && projectedTimes(alert, finding);
  const predicted = worst && { ...worst, ...(projection && { projection }) };
  const hops = hopsOf({ spec, history, facts, rules, guarded, breached: times.breached });
  return {
    name: spec.name,
    verdict: finding.verdict,
    judgement: finding.judgement,
    reason: finding.reason,
    evidence: [...alertEvidence(spec, times, history.told, facts, predicted), ...(finding.evidence ?? [])],
    labels: spec.labels,
    expect: spec.expect,
    guards: spec.guards,
    receivers: [...new Set(history.told.map((told) => told.receiver))],
    times,
    predicted,
    hops,
    shorten: asksForTime.has(finding.verdict) ? shorten(hops) : null,
    projected: finding.projected ?? null,
    notes: history.firing.length === 0 ? [] : notesOn(spec, title, finding, history, predicted),
  };
}

/** Verdicts beside which a faster way to the pager is worth knowing. */
const asksForTime: ReadonlySet<AlertVerdict['verdict']> = new Set([
  'rang',
  'early',
  'late',
  'flapping',
  'excused',
  'underpowered',
  'would-ring',
]);

function titleOf(spec: AlertSpec, experiment: Experiment): string {
  const namesakes = experiment.alerts.filter((other) => other.name === spec.name);
  return namesakes.length < 2
    ? spec.name
    : Labels.from({ ...spec.labels, [metricName]: spec.name }).toString();
}

function samePlan(alert: Pick<AlertSpec, 'name' | 'labels'>, spec: AlertSpec): boolean {
  const labels = Object.entries(spec.labels);
  return (
    alert.name === spec.name &&
    Object.keys(alert.labels).length === labels.length &&
    labels.every(([label, value]) => alert.labels[label] === value)
  );
}

function neverTested(title: string, facts: RunFacts): AlertFinding {
  return facts.unsteady
    ? unproven('not-steady', `${title} was not tested: ${facts.unsteady.join('; ')}.`)
    : unproven('cut-short', `${title} was not tested: no fault was injected.`);
}

/** The history from the injection on: what rang and was over before has nothing to do with the fault. */
function since(history: AlertHistory, injectedAt: number): AlertHistory {
  const later = (interval: { readonly from: number }) => interval.from >= injectedAt;
  return {
    ...history,
    firing: history.firing.filter(later),
    pending: history.pending.filter(later),
    told: history.told.filter((told) => told.at >= injectedAt),
    failed: history.failed.filter((event) => event.at >= injectedAt),
    suppressed: history.suppressed.filter((event) => event.at >= injectedAt),
    grouped: history.grouped.filter((event) => event.at >= injectedAt),
  };
}

function decided(alert: AlertCase, whole: AlertHistory): AlertFinding {
  return withHistory(alert, decide(alert, whole));
}

function decide(alert: AlertCase, whole: AlertHistory): AlertFinding {
  const { spec, title, injectedAt } = alert;
  const before = whole.firing.find(({ from, to }) => from < injectedAt && (to === null || to > injectedAt));
  if (spec.expect === 'any') return reported(alert);
  if (before) {
    const reason = `${title} was firing already when the fault was injected, so it could not tell of it.`;
    return unproven('already-firing', reason, [
      { label: 'firing since', value: around(before.from - injectedAt, 'the injection'), at: before.from },
    ]);
  }
  if (spec.expect === 'quiet') return judgeSilence(alert);
  if (spec.expect === 'rings') return judgeRinging(alert, faultDuty(alert));
  const duty = breachDuty(alert);
  if (duty) return judgeRinging(alert, duty);
  return unknownBreach(alert) ?? judgeSilence(alert);
}

function reported({ title, history }: AlertCase): AlertFinding {
  const rang = history.firing.length > 0 ? 'rang' : 'stayed silent';
  return { verdict: 'reported', judgement: 'note', reason: `${title} ${rang}; nothing was asked of it.` };
}

/** Where nobody can tell whether an objective broke, neither ringing nor silence is right or wrong. */
function unknownBreach({ title, guarded }: AlertCase): AlertFinding | undefined {
  const unknown = guarded.find((finding) => finding.state === 'unknown');
  if (!unknown) return undefined;
  const { verdict, reason } = unknown.verdict;
  const own =
    verdict === 'noisy' || verdict === 'cut-short' || verdict === 'not-steady' ? verdict : 'no-data';
  const what = unknown.spec.name;
  return unproven(own, `${title} cannot be judged, because nobody knows whether ${what} broke: ${reason}`);
}

function firstBreach(guarded: readonly ObjectiveFinding[]): number | null {
  const broken = guarded.filter((finding) => finding.state === 'broken');
  const times = broken.flatMap((finding) => finding.breaches.map((breach) => breach.from));
  return times.length > 0 ? Math.min(...times) : null;
}

function timesOf(history: AlertHistory, breached: number | null): AlertVerdict['times'] {
  const { firing, pending, told } = history;
  return {
    breached,
    pending: pending[0]?.from ?? null,
    firing: firing[0]?.from ?? null,
    captured: told.find((each) => each.status === 'firing')?.at ?? null,
    resolved: firing.at(-1)?.to ?? null,
    resolvedCaptured: told.findLast((each) => each.status === 'resolved')?.at ?? null,
  };
}
