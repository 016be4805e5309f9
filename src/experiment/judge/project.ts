// An alert that the undo overtook: what would have happened had the fault stayed? Only what the recording shows is
// held: an effect that was level over the fault's second half. A drifting, oscillating or absent effect proves
// nothing, and neither does one that would not fill every window that the rule reads by the deadline.

import { UserError } from '../../base/diagnostics.ts';
import { humanDuration } from '../../base/duration.ts';
import { type Expr, isComparison, unwrapParens } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { childrenOf, type TopComparison, topComparison } from '../../promql/walk.ts';
import type { ObjectiveSpec } from '../model.ts';
import type { PlannedRule } from '../timeline.ts';
import { type Interval, instanceFilter } from './alert-history.ts';
import { shareOf } from './event-share.ts';
import { largest, movementOf, smallest } from './extremes.ts';
import type { RunFacts } from './facts.ts';
import type { AlertCase, AlertFinding, RingDuty } from './finding.ts';
import type { Held } from './held-run.ts';
import { forTicksMs } from './predict.ts';
import { isTrue, type Step, stepsOf, type Window } from './readings.ts';
import type { Reading } from './stretches.ts';
import { whyNot } from './why-not.ts';

/** The largest movement, as a share of the largest value, that still counts as level. */
const levelShareMax = 0.1;
const levelReadingsMin = 3;

/** `ring` is set when it fired and only its notification was overtaken. Undefined when nothing can be said. */
export function project(alert: AlertCase, duty: RingDuty, ring: Interval | null): AlertFinding | undefined {
  const { rules } = alert;
  const rule = rules[0];
  if (!alert.projection || rules.length !== 1 || !rule) return undefined;
  const held = alert.held.get();
  if (!held || !effectIsLevel(alert, held.half)) return undefined;
  try {
    return wouldRing(alert, duty, ring, rule, held) ?? wouldMiss(alert, duty, ring, rule, held);
  } catch (error) {
    // An expression that fails on this data projects nothing.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function wouldRing(
  alert: AlertCase,
  duty: RingDuty,
  ring: Interval | null,
  rule: PlannedRule,
  held: Held,
): AlertFinding | undefined {
  const { spec, title } = alert;
  const { half } = held;
  const since = ring ?? pendingAt(alert, half.toMs);
  if (!since || !lastsTo(since, half.toMs)) return undefined;
  const condition = conditionOf(rule, alert, { ...half, fromMs: since.from });
  if (!condition?.always) return undefined;
  const firesAt = ring ? ring.from : firingHeldOn(alert, rule, since, condition, held);
  const waitMs = notificationWaitMs(spec.notifies, rule);
  if (firesAt === undefined || waitMs === undefined || firesAt > duty.firesBy) return undefined;
  if (ring && !condition.isLevel && !inputsAreLevel(rule, held)) return undefined;
  const toldAt = firesAt + waitMs;
  if (duty.notifiesBy !== null && toldAt > duty.notifiesBy) return undefined;
  const fires = `fired ${humanDuration(firesAt - duty.from)} after ${duty.fromWhat}`;
  const tells = spec.notifies
    ? ` and reached its receivers ${humanDuration(toldAt - duty.from)} after ${duty.fromWhat}`
    : '';
  return {
    verdict: 'would-ring',
    judgement: 'right',
    reason: `${title} was overtaken by the undo; projected, it would have ${ring ? 'kept firing' : fires}${tells}, in time.`,
    projected: assumption(half),
    evidence: [
      {
        label: 'projected firing',
        value: `${humanDuration(firesAt - duty.from)} after ${duty.fromWhat}`,
        at: firesAt,
      },
    ],
  };
}

/** Where what it compares stood still, `for` counts on; where windows were filling, its rule is evaluated on. */
function firingHeldOn(
  alert: AlertCase,
  rule: PlannedRule,
  since: Interval,
  { isLevel }: Condition,
  held: Held,
): number | undefined {
  if (isLevel) return since.from + forTicksMs(rule.forMs, rule.evaluationIntervalMs);
  return inputsAreLevel(rule, held) ? (firstFiringHeldOn(alert, rule, held) ?? undefined) : undefined;
}

/** The rule evaluated on, as the fault left it; null when it stays silent for as long as is looked. */
export function firstFiringHeldOn(alert: AlertCase, rule: PlannedRule, held: Held): number | null {
  const counts = instanceFilter(alert.spec, alert.experiment);
  return held.projector.firstFiring(rule, {
    pendingSinceMs: pendingAt(alert, held.half.toMs)?.from,
    untilMs: held.untilMs,
    counts: (labels) => counts(alert.spec.name, labels),
  });
}

function pendingAt({ history }: AlertCase, atMs: number): Interval | undefined {
  return history.pending.find((interval) => lastsTo(interval, atMs));
}

function lastsTo(interval: Interval, atMs: number): boolean {
  return interval.from <= atMs && (interval.to ?? atMs) >= atMs;
}

/** False throughout, and still false when the effect, held on, has filled every window that the rule reads. */
function wouldMiss(
  alert: AlertCase,
  duty: RingDuty,
  ring: Interval | null,
  rule: PlannedRule,
  held: Held,
): AlertFinding | undefined {
  const { title, history, injectedAt } = alert;
  const { half, projector } = held;
  if (ring || history.pending.length > 0) return undefined;
  const condition = conditionOf(rule, alert, { ...half, fromMs: injectedAt });
  if (!condition?.never) return undefined;
  const memoryMs = projector.memoryMsOf(rule.expr);
  const isFilled = memoryMs <= half.toMs - half.fromMs;
  // Of windows that are full by the undo all was seen; others are evaluated on.
  if (isFilled ? !condition.isLevel : !staysFalse(alert, duty, rule, held, memoryMs)) return undefined;
  const why = whyNot(alert, half.fromMs, half.toMs);
  const reason = `${title} was silent when the fault was undone; projected to its deadline it would never have fired: ${why.sentence}.`;
  return {
    verdict: 'missed',
    judgement: 'wrong',
    reason,
    projected: assumption(half),
    evidence: why.evidence,
  };
}

/** Evaluated on to its deadline, with what it compares clear of its thresholds by then. */
function staysFalse(
  alert: AlertCase,
  { firesBy }: RingDuty,
  rule: PlannedRule,
  held: Held,
  memoryMs: number,
): boolean {
  const { half, projector, untilMs } = held;
  if (firesBy > untilMs || alert.injectedAt + memoryMs > firesBy || firesBy <= half.toMs) return false;
  if (!inputsAreLevel(rule, held)) return false;
  const firing = firstFiringHeldOn(alert, rule, held);
  if (firing !== null && firing <= firesBy) return false;
  const parsed = parseExpr(rule.expr, alert.facts);
  if (!parsed.ok) return false;
  const filledAt = Math.max(half.toMs, alert.injectedAt + memoryMs);
  const stepMs = Math.max(
    1,
    Math.floor(Math.min(firesBy - filledAt, half.toMs - half.fromMs) / stepsAtDeadline),
  );
  const grid = { fromMs: firesBy - stepMs * stepsAtDeadline, toMs: firesBy, stepMs };
  return comparisonsIn(parsed.expr).every(({ left, threshold }) => {
    const steps = Array.from({ length: stepsAtDeadline + 1 }, (_, index) => ({
      at: grid.fromMs + index * stepMs,
      values: [] as number[],
    }));
    for (const { times, values } of projector.seriesOf(left, grid))
      times.forEach((at, index) => {
        steps[Math.round((at - grid.fromMs) / stepMs)]!.values.push(values[index]!);
      });
    return standsClear(steps, threshold);
  });
}

const stepsAtDeadline = 10;

/** Every series that the rule reads goes on as it was, and there is none of which nobody knows how. */
function inputsAreLevel(rule: PlannedRule, { projector }: Held): boolean {
  return projector.inputsOf(rule.expr).every(({ kind }) => kind === 'level');
}

export function assumption({ fromMs, toMs }: Window): string {
  return `the effect stays where it was over the last ${humanDuration(toMs - fromMs)} of the fault`;
}

/** Every objective that broke was out of bounds and level over the window. */
export function effectIsLevel(alert: AlertCase, window: Window): boolean {
  const readings = readingsOver(alert, window);
  if (readings.length === 0) return standsForItself(alert);
  return readings.every(
    (each) => isOut(each) && each.length >= levelReadingsMin && isLevel(each.map(({ value }) => value)),
  );
}

/** Every objective that broke was out of bounds over the window, wherever it went. */
export function isOutThroughout(alert: AlertCase, window: Window): boolean {
  const readings = readingsOver(alert, window);
  return readings.length === 0
    ? standsForItself(alert)
    : readings.every((each) => isOut(each) && each.length >= levelReadingsMin);
}

/** An alert on the fault itself, which was shown to have hit. */
function standsForItself({ spec, faultHit }: AlertCase): boolean {
  return spec.expect === 'rings' && faultHit;
}

function readingsOver({ guarded, facts }: AlertCase, window: Window): (readonly Reading[])[] {
  return guarded
    .filter((finding) => finding.state === 'broken')
    .map(({ readings, spec }) => {
      const effect = effectOf(spec, facts);
      return readings
        .filter(({ at }) => at >= window.fromMs && at <= window.toMs)
        .map((reading) => ({ ...reading, value: reading.value === null ? null : effect(reading.value) }));
    });
}

/** The effect on a share of events is the bad share: of what is nearly 0 % good a little more is still as bad. */
function effectOf({ promql, slo }: ObjectiveSpec, facts: RunFacts): (value: number) => number {
  const parsed = parseExpr(promql, facts);
  const comparison = parsed.ok ? topComparison(parsed.expr) : undefined;
  const share = comparison && shareOf(comparison, slo);
  return share?.what === 'ratio' ? (value) => 1 - share.goodShareOf(value) : (value) => value;
}

function isOut(readings: readonly Reading[]): boolean {
  return readings.every(({ bounds }) => bounds === 'out');
}

interface Condition {
  readonly always: boolean;
  readonly never: boolean;
  /** What the rule compares stood still over the second half, further from its thresholds than it moved. */
  readonly isLevel: boolean;
}

function conditionOf(rule: PlannedRule, alert: AlertCase, window: Window): Condition | undefined {
  const parsed = parseExpr(rule.expr, alert.facts);
  const comparisons = parsed.ok ? comparisonsIn(parsed.expr) : [];
  if (!parsed.ok || comparisons.length === 0) return undefined;
  const truths = stepsOf(alert.recording, parsed.expr, window).map((step) => isTrue(parsed.expr, step));
  const middle = window.toMs - (window.toMs - alert.injectedAt) / 2;
  return {
    always: truths.length > 0 && truths.every(Boolean),
    never: !truths.some(Boolean),
    isLevel: comparisons.every(({ left, threshold }) => {
      const measured = stepsOf(alert.recording, left, window).filter((step) => step.at >= middle);
      return standsClear(measured, threshold);
    }),
  };
}

/** The comparisons that make an expression true or false together: one, or those that `and` and `or` tie. */
function comparisonsIn(expr: Expr): TopComparison[] {
  const node = unwrapParens(expr);
  if (node.kind === 'binary' && isComparison(node.operator)) {
    const comparison = topComparison(node);
    return comparison ? [comparison] : [];
  }
  return childrenOf(node).flatMap(comparisonsIn);
}

/** A side without any series never changes; one with gaps does. */
function standsClear(measured: readonly Step[], threshold: number | undefined): boolean {
  if (measured.every((step) => step.values.length === 0)) return true;
  if (measured.some((step) => step.values.length === 0)) return false;
  // Of many series only the outermost can cross the threshold first.
  const tracks = [
    measured.map((step) => largest(step.values)),
    measured.map((step) => smallest(step.values)),
  ];
  return tracks.every(
    (track) =>
      isLevel(track) &&
      (threshold === undefined || track.every((value) => Math.abs(value - threshold) >= movementOf(track))),
  );
}

function isLevel(values: readonly (number | null)[]): boolean {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  if (known.length < values.length || known.length < levelReadingsMin) return false;
  return movementOf(known) <= levelShareMax * largest(known.map(Math.abs));
}

/** Undefined where the plan knows no route to a receiver that has to be told. */
export function notificationWaitMs(
  notifies: AlertCase['spec']['notifies'],
  rule: PlannedRule,
): number | undefined {
  const waits = (notifies?.receivers ?? []).map(
    (receiver) => rule.routes.find((route) => route.receiver === receiver)?.groupWaitMs,
  );
  return waits.includes(undefined) ? undefined : Math.max(0, ...waits.filter((wait) => wait !== undefined));
}
