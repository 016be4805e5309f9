// From firing to the person: who was told and when, who should have been, and what held it back.

import { humanDuration } from '../../base/duration.ts';
import { Labels } from '../../base/labels.ts';
import type { EventOf } from '../timeline.ts';
import { historyOf, type Interval, instanceFilter } from './alert-history.ts';
import { cutShort, dueIn, excused, underpowered } from './endings.ts';
import { type AlertCase, type AlertFinding, type RingDuty, right, unproven, wrong } from './finding.ts';
import { slowestHop } from './hops.ts';
import { inhibitionRule } from './inhibition-rule.ts';
import { wayMissed, wayTaken } from './misrouting.ts';
import { project } from './project.ts';

export interface Delivery {
  /** When the last of the listed receivers was told; null when none had to be, or one was not. */
  readonly at: number | null;
  /** What is to be said about it; undefined when all is well. */
  readonly finding?: AlertFinding;
}

type Suppression = EventOf<'alert.suppressed'>;

export function judgeDelivery(alert: AlertCase, duty: RingDuty, ring: Interval): Delivery {
  const { spec, history } = alert;
  if (!spec.notifies) return { at: null };
  const wanted = spec.notifies.receivers;
  const reached = new Map<string, number>();
  for (const { receiver, at, status } of history.told) {
    if (status === 'firing' && !reached.has(receiver)) reached.set(receiver, at);
  }
  const missing = wanted.filter((receiver) => !reached.has(receiver));
  const strangers = [...reached.keys()].filter((receiver) => !wanted.includes(receiver));
  if (strangers.length > 0) return { at: null, finding: misrouted(alert, strangers, missing) };
  if (missing.length === 0) {
    const at = Math.max(...wanted.map((receiver) => reached.get(receiver)!));
    if (duty.notifiesBy === null || at <= duty.notifiesBy) return { at };
    return { at, finding: judgeSuppression(alert, duty) ?? toldLate(alert, duty, ring, at) };
  }
  return { at: null, finding: judgeSuppression(alert, duty) ?? neverTold(alert, duty, ring, missing) };
}

function misrouted(
  { spec, title, rules, history, facts }: AlertCase,
  strangers: readonly string[],
  missing: readonly string[],
): AlertFinding {
  const expected = spec.notifies!.receivers;
  const instead =
    missing.length > 0 ? `instead of ${missing.join(' and ')}` : `beside ${expected.join(' and ')}`;
  const [stranger] = strangers as [string];
  const told = history.told.find(({ receiver, status }) => receiver === stranger && status === 'firing')!;
  const tree = facts.plan?.routing;
  const planned = rules.flatMap((rule) => rule.routes).find(({ receiver }) => receiver === stranger);
  const way = (tree && wayTaken(tree, told.labels, stranger)) ?? planned?.path.join(' > ');
  const misses = tree
    ? missing.map((receiver) => ({ receiver, why: wayMissed(tree, told.labels, receiver) }))
    : [];
  const by = way === undefined ? '' : `, by the route ${way}`;
  const because = misses
    .map(({ receiver, why }) => `; it did not come to ${receiver}, because ${why}`)
    .join('');
  return wrong('misrouted', `${title} reached ${strangers.join(' and ')} ${instead}${by}${because}.`, [
    ...(way === undefined ? [] : [{ label: 'route taken', value: `${way} > ${stranger}`, at: told.at }]),
    { label: 'routed by', value: String(Labels.from(told.labels)) },
    ...misses.map(({ receiver, why }) => ({ label: `way to ${receiver}`, value: why })),
  ]);
}

function toldLate(alert: AlertCase, duty: RingDuty, ring: Interval, at: number): AlertFinding {
  if (duty.until !== null && duty.until < duty.notifiesBy! && !duty.endedByUndo) {
    return excused(alert, duty, 'before its receiver was told');
  }
  const slow = slowestHop(alert, duty, ring, at);
  const took = humanDuration(at - duty.from);
  const allowed = humanDuration(duty.notifiesBy! - duty.from);
  const reason = `${alert.title} fired in time, but its receiver was told ${took} after ${duty.fromWhat}, and was to be told within ${allowed}; ${slow.sentence}.`;
  return wrong('late', reason, slow.evidence);
}

/** Held back on purpose: by an alert that spoke for it, by one that nobody heard, by a silence, or by the hour. */
function judgeSuppression(alert: AlertCase, duty: RingDuty): AlertFinding | undefined {
  const { spec, title, history } = alert;
  const wanted = spec.notifies!.receivers;
  const held = history.suppressed.filter((event) => wanted.length === 0 || wanted.includes(event.receiver));
  const inhibition = held.find((event) => event.reason === 'inhibited');
  if (inhibition) return judgeInhibition(alert, duty, inhibition);
  const by = held[0];
  if (!by) return undefined;
  const evidence = [{ label: by.reason, value: by.by, at: by.at }];
  return by.reason === 'silenced'
    ? unproven('silenced', `${title} fired, but a silence kept it from ${by.receiver}: ${by.by}.`, evidence)
    : unproven(
        'muted',
        `${title} fired, but a time interval kept it from ${by.receiver}: ${by.by}.`,
        evidence,
      );
}

function judgeInhibition(alert: AlertCase, duty: RingDuty, held: Suppression): AlertFinding {
  const { spec, title, experiment, facts } = alert;
  const parent = held.source?.alertname ?? held.by.split('{')[0]!.trim();
  // The parent speaks for whatever it says itself: its labels are its own, not those of our target.
  const counts = instanceFilter({ name: parent, labels: held.source ?? {} }, { ...experiment, targets: [] });
  const told = historyOf(counts, facts).told.filter(
    ({ status, receiver }) =>
      status === 'firing' && (spec.coveredBy.includes(parent) || receiver === held.receiver),
  );
  const first = told[0];
  const rule = inhibitionRule(facts.plan?.inhibitions ?? [], held.source ?? {}, held.labels);
  const source = held.source === undefined ? held.by : String(Labels.from(held.source));
  const evidence = [
    { label: 'inhibited by', value: source, at: held.at },
    ...(rule === undefined ? [] : [{ label: 'inhibition rule', value: rule }]),
  ];
  if (!first) {
    const reason = `${title} fired, but was inhibited by ${parent}, and nobody who should know was told of that one.`;
    return wrong('suppressed', reason, evidence);
  }
  const spoke = { label: `${parent} told`, value: first.receiver, at: first.at };
  if (duty.notifiesBy !== null && first.at > duty.notifiesBy) {
    const reason = `${title} fired, but was inhibited by ${parent}, which reached ${first.receiver} ${humanDuration(first.at - duty.notifiesBy)} after the deadline.`;
    return wrong('suppressed', reason, [...evidence, spoke]);
  }
  const after = humanDuration(Math.max(0, first.at - duty.from));
  const reason = `${title} fired and was inhibited by ${parent}, which reached ${first.receiver} ${after} after ${duty.fromWhat}.`;
  return right('covered', reason, [...evidence, spoke]);
}

function neverTold(
  alert: AlertCase,
  duty: RingDuty,
  ring: Interval,
  missing: readonly string[],
): AlertFinding {
  const { title, history, facts } = alert;
  const who = missing.join(' and ');
  const failure = history.failed.filter((event) => missing.includes(event.receiver)).at(-1);
  if (failure) {
    const tries = failure.attempts === 1 ? 'once' : `${failure.attempts} times`;
    const reason = `${title} fired, but ${failure.receiver} never got it: tried ${tries}, ${failure.reason}.`;
    return wrong('undelivered', reason, [
      { label: 'delivery failed', value: failure.reason, at: failure.at },
    ]);
  }
  const firedMs = (ring.to ?? facts.endedAt) - ring.from;
  const waitMs = longestWaitMs(alert, missing);
  const dueOver = duty.notifiesBy !== null && (ring.to ?? facts.endedAt) >= duty.notifiesBy;
  if (dueOver || firedMs > waitMs) {
    const reason = `${title} fired for ${humanDuration(firedMs)}, but nothing reached ${who}${routeHint(alert, missing)}.`;
    return wrong('undelivered', reason);
  }
  if (duty.until === null && ring.to === null)
    return cutShort(alert, `${who} had not been told${dueIn(duty.notifiesBy, facts.endedAt)}`);
  if (duty.until !== null && !duty.endedByUndo)
    return excused(alert, duty, `while its group was still waiting to tell ${who}`);
  if (duty.until !== null) return project(alert, duty, ring) ?? underpowered(alert, duty, 'be told');
  const reason = `${title} resolved after ${humanDuration(firedMs)}, within group_wait, while the objective was still broken, so ${who} was never told.`;
  return wrong('let-go', reason);
}

/** How long a notification may wait for its group, and a little for the way; endless where no route is known. */
function longestWaitMs({ rules }: AlertCase, missing: readonly string[]): number {
  const graceMs = 1000;
  const waits = rules
    .flatMap((rule) => rule.routes)
    .filter((route) => missing.includes(route.receiver))
    .map((route) => Math.max(route.groupWaitMs, route.groupIntervalMs));
  return waits.length > 0 ? Math.max(...waits) + graceMs : Number.POSITIVE_INFINITY;
}

function routeHint({ rules }: AlertCase, missing: readonly string[]): string {
  const routes = rules.flatMap((rule) => rule.routes);
  if (routes.length === 0 || routes.some((route) => missing.includes(route.receiver))) return '';
  return `; its route leads to ${[...new Set(routes.map((route) => route.receiver))].join(' and ')}`;
}
