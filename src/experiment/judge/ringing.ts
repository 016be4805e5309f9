// An alert that has to ring is followed hop by hop, in the order in which the hops happen. The first hop that went
// wrong is the verdict:
//
//     fires by its deadline → reaches its receivers → stays while it is needed → resolves → does not flap

import { humanDuration } from '../../base/duration.ts';
import type { Interval } from './alert-history.ts';
import { judgeDelivery } from './delivery.ts';
import { cutShort, dueIn, excused, underpowered } from './endings.ts';
import { type AlertCase, type AlertFinding, type RingDuty, right, unproven, wrong } from './finding.ts';
import { slowestHop } from './hops.ts';
import { sinceUndo } from './moments.ts';
import { project } from './project.ts';
import { whyNot } from './why-not.ts';

export function judgeRinging(alert: AlertCase, duty: RingDuty): AlertFinding {
  const { history } = alert;
  const ring = history.firing.find(({ to }) => to === null || to > duty.from - duty.toleranceMs);
  if (!ring) return judgeMissingRing(alert, duty);
  if (ring.from > duty.firesBy) return judgeLateRing(alert, duty, ring);
  const delivery = judgeDelivery(alert, duty, ring);
  if (delivery.finding) return delivery.finding;
  return (
    judgeStaying(alert, duty) ??
    judgeResolving(alert) ??
    judgeFlapping(alert) ??
    rang(alert, duty, ring, delivery.at)
  );
}

function judgeMissingRing(alert: AlertCase, duty: RingDuty): AlertFinding {
  const { title, facts } = alert;
  if (duty.fromWhat === 'the injection' && !alert.faultHit) {
    const reason = `${title} stayed silent, but the fault was not shown to have hit anything, so its silence proves nothing.`;
    return unproven('underpowered', reason);
  }
  const lastedTo = duty.until ?? facts.endedAt;
  if (lastedTo >= duty.firesBy) {
    return blindness(alert, duty.from, duty.firesBy) ?? missed(alert, duty);
  }
  if (duty.until === null)
    return cutShort(alert, `it had not fired yet${dueIn(duty.firesBy, facts.endedAt)}`);
  if (!duty.endedByUndo) return excused(alert, duty, 'before it rang');
  return project(alert, duty, null) ?? underpowered(alert, duty, 'fire');
}

/** Where states are read from a remote, an alert that was not seen while the remote was not read may have fired. */
function blindness({ title, facts }: AlertCase, from: number, to: number): AlertFinding | undefined {
  if (facts.plan?.alertSource !== 'remote') return undefined;
  const gap = facts.blind.find((stretch) => stretch.from < to && stretch.to > from);
  if (!gap) return undefined;
  const reason = `${title} was not seen firing, but the source could not be read for ${humanDuration(gap.to - gap.from)} of that time (${gap.reason}).`;
  return unproven('no-data', reason);
}

function missed(alert: AlertCase, duty: RingDuty): AlertFinding {
  const { title } = alert;
  const why = whyNot(alert, duty.from, duty.until ?? alert.facts.endedAt);
  const allowed = humanDuration(duty.firesBy - duty.from);
  const reason = `${title} never fired, and should have within ${allowed} of ${duty.fromWhat}: ${why.sentence}.`;
  return wrong('missed', reason, why.evidence);
}

function judgeLateRing(alert: AlertCase, duty: RingDuty, ring: Interval): AlertFinding {
  if (duty.until !== null && duty.until < duty.firesBy && !duty.endedByUndo) {
    return excused(alert, duty, 'before it rang');
  }
  const took = humanDuration(ring.from - duty.from);
  const allowed = humanDuration(duty.firesBy - duty.from);
  const slow = slowestHop(alert, duty, ring, null);
  const reason = `${alert.title} fired ${took} after ${duty.fromWhat}, and was allowed ${allowed}; ${slow.sentence}.`;
  return wrong('late', reason, slow.evidence);
}

/** Resolved while there was still something to ring for, and not firing again before that was over. */
function judgeStaying(alert: AlertCase, duty: RingDuty): AlertFinding | undefined {
  const { history, facts, title } = alert;
  const broken = brokenUntil(alert);
  if (broken === null) return undefined;
  const last = history.firing.filter(({ from }) => from <= broken.at).at(-1);
  if (!last || last.to === null) return undefined;
  // An objective's range is its memory: it may be in bounds again and not know it yet.
  const slackMs =
    duty.toleranceMs + (facts.plan?.scrapeIntervalMs ?? 0) + longestEvaluationMs(alert) + broken.memoryMs;
  if (last.to >= broken.at - slackMs) return undefined;
  const early = humanDuration(broken.at - last.to);
  const end = broken.open
    ? 'and it was still broken at the end of the run'
    : `${early} before it was back in bounds`;
  const reason = `${title} resolved while ${broken.name} was still broken, ${end}.`;
  return wrong('let-go', reason, [{ label: 'let go', value: `${early} too early`, at: last.to }]);
}

function longestEvaluationMs({ rules }: AlertCase): number {
  return Math.max(0, ...rules.map((rule) => rule.evaluationIntervalMs));
}

interface LastBreach {
  readonly at: number;
  readonly open: boolean;
  readonly name: string;
  readonly memoryMs: number;
}

/** When the last of the guarded objectives was out of bounds for the last time; null when none broke. */
function brokenUntil({ guarded }: AlertCase): LastBreach | null {
  const ends = guarded
    .filter((finding) => finding.state === 'broken')
    .flatMap((finding) =>
      finding.breaches.map((breach) => ({
        at: breach.to,
        open: breach.open,
        name: finding.spec.name,
        memoryMs: finding.memoryMs,
      })),
    );
  return ends.reduce<LastBreach | null>(
    (last, end) => (last === null || end.at > last.at ? end : last),
    null,
  );
}

function judgeResolving(alert: AlertCase): AlertFinding | undefined {
  const { spec, title, facts, history } = alert;
  if (spec.resolvesWithinMs === undefined) return undefined;
  if (facts.undoneAt === null)
    return cutShort(alert, 'the fault was not seen to end, so its resolving cannot be judged');
  const resolvedAt = history.firing.at(-1)!.to;
  const allowed = humanDuration(spec.resolvesWithinMs);
  // An alert that still fires because its objective is still broken tells the truth; its time counts from there.
  const broken = brokenUntil(alert);
  const brokenPast = broken !== null && broken.at > facts.undoneAt + spec.resolvesWithinMs ? broken : null;
  if (brokenPast?.open) return undefined;
  const countsFrom = brokenPast ? brokenPast.at : facts.undoneAt;
  const due = countsFrom + spec.resolvesWithinMs;
  if (resolvedAt !== null && resolvedAt <= due) return undefined;
  if (resolvedAt === null && facts.endedAt < due) {
    return cutShort(alert, `it was still firing${dueIn(due, facts.endedAt)}`);
  }
  const undone = facts.undoingAt === null ? 'the fault' : 'the undo';
  const what = brokenPast ? `${brokenPast.name} was back in bounds` : undone;
  const how =
    resolvedAt === null
      ? `was still firing ${humanDuration(facts.endedAt - countsFrom)} after ${what}`
      : `resolved ${humanDuration(resolvedAt - countsFrom)} after ${what}`;
  return wrong('unresolved', `${title} ${how}, and was allowed ${allowed}.`);
}

function judgeFlapping(alert: AlertCase): AlertFinding | undefined {
  const { spec, title, history } = alert;
  const extra = history.firing.length - 1;
  if (extra === 0) return undefined;
  const reason = `${title} fired ${history.firing.length} times for one breach, and resolved in between`;
  const evidence = history.firing.map(({ from, to }, index) => ({
    label: `firing ${index + 1}`,
    value: to === null ? 'to the end' : `for ${humanDuration(to - from)}`,
    at: from,
  }));
  if (spec.flaps === undefined || extra <= spec.flaps) {
    return { verdict: 'flapping', judgement: 'warn', reason: `${reason}.`, evidence };
  }
  const tolerated = spec.flaps === 0 ? 'no further one is' : `${spec.flaps} further are`;
  return wrong('flapping', `${reason}; ${tolerated} tolerated.`, evidence);
}

function rang(alert: AlertCase, duty: RingDuty, ring: Interval, toldAt: number | null): AlertFinding {
  const { spec, title, history, facts } = alert;
  const early = ring.from < duty.from - duty.toleranceMs;
  const fired = early
    ? `fired ${humanDuration(duty.from - ring.from)} before the objective counted as broken`
    : `fired ${humanDuration(Math.max(0, ring.from - duty.from))} after ${duty.fromWhat}`;
  const parts = [`${fired}${allowance(spec.firesWithinMs)}`];
  if (toldAt !== null) {
    const receivers = spec.notifies!.receivers.join(' and ') || 'its receiver';
    const after = humanDuration(Math.max(0, toldAt - duty.from));
    parts.push(
      `reached ${receivers} ${early && toldAt < duty.from ? 'before the breach' : `after ${after}`}${allowance(spec.notifies!.withinMs)}`,
    );
  }
  const resolvedAt = history.firing.at(-1)!.to;
  if (resolvedAt === null) parts.push('was still firing at the end of the run');
  else if (facts.undoneAt !== null && resolvedAt >= facts.undoneAt) {
    parts.push(`resolved ${sinceUndo(resolvedAt, facts)}${allowance(spec.resolvesWithinMs)}`);
  } else parts.push('resolved');
  return right(early ? 'early' : 'rang', `${title} ${list(parts)}.`);
}

function allowance(withinMs: number | undefined): string {
  return withinMs === undefined ? '' : ` (allowed ${humanDuration(withinMs)})`;
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
