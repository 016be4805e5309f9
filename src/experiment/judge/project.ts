// An alert that the undo overtook: what would have happened had the fault stayed? Only what the recording shows is
// held: an effect that was level over the fault's second half. A drifting, oscillating or absent effect proves
// nothing, and neither does one that has not yet filled every window that the rule reads.

import { UserError } from '../../base/diagnostics.ts';
import { humanDuration } from '../../base/duration.ts';
import { parseExpr } from '../../promql/parser.ts';
import { longestReachMs, topComparison } from '../../promql/walk.ts';
import type { PlannedRule } from '../timeline.ts';
import type { Interval } from './alert-history.ts';
import { largest, movementOf, smallest } from './extremes.ts';
import type { AlertCase, AlertFinding, RingDuty } from './finding.ts';
import { forTicksMs } from './predict.ts';
import { isTrue, type Step, stepsOf, type Window } from './readings.ts';
import { whyNot } from './why-not.ts';

/** The largest movement, as a share of the largest value, that still counts as level. */
const levelShareMax = 0.1;
const levelReadingsMin = 3;

/** `ring` is set when it fired and only its notification was overtaken. Undefined when nothing can be said. */
export function project(alert: AlertCase, duty: RingDuty, ring: Interval | null): AlertFinding | undefined {
  const { facts, rules, injectedAt } = alert;
  const rule = rules[0];
  if (!alert.projection || rules.length !== 1 || !rule || facts.undoingAt === null) return undefined;
  const half: Window = {
    fromMs: injectedAt + (facts.undoingAt - injectedAt) / 2,
    toMs: facts.undoingAt,
    stepMs: facts.plan?.scrapeIntervalMs ?? rule.evaluationIntervalMs,
    features: facts.features,
  };
  if (!effectIsLevel(alert, half)) return undefined;
  try {
    return wouldRing(alert, duty, ring, rule, half) ?? wouldMiss(alert, ring, rule, half);
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
  half: Window,
): AlertFinding | undefined {
  const { spec, title, history } = alert;
  const lastsTo = (interval: Interval) =>
    interval.from <= half.toMs && (interval.to ?? half.toMs) >= half.toMs;
  const since = ring ?? history.pending.find(lastsTo);
  if (!since || !lastsTo(since)) return undefined;
  const condition = conditionOf(rule, alert, { ...half, fromMs: since.from });
  if (!condition?.always || !condition.level) return undefined;
  const firesAt = ring ? ring.from : since.from + forTicksMs(rule.forMs, rule.evaluationIntervalMs);
  const waitMs = notificationWaitMs(spec.notifies, rule);
  if (waitMs === undefined || firesAt > duty.firesBy) return undefined;
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

/** False throughout, while the effect filled every window that the rule reads: held on, it would still be false. */
function wouldMiss(
  alert: AlertCase,
  ring: Interval | null,
  rule: PlannedRule,
  half: Window,
): AlertFinding | undefined {
  const { title, history, injectedAt } = alert;
  if (ring || history.pending.length > 0) return undefined;
  const condition = conditionOf(rule, alert, { ...half, fromMs: injectedAt });
  if (!condition?.never || !condition.level || condition.memoryMs > half.toMs - half.fromMs) return undefined;
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

function assumption({ fromMs, toMs }: Window): string {
  return `the effect stays where it was over the last ${humanDuration(toMs - fromMs)} of the fault`;
}

/** Every objective that broke was out of bounds and level over the window. */
function effectIsLevel({ guarded, faultHit, spec }: AlertCase, window: Window): boolean {
  const broken = guarded.filter((finding) => finding.state === 'broken');
  if (broken.length === 0) return spec.expect === 'rings' && faultHit;
  return broken.every((finding) => {
    const readings = finding.readings.filter(({ at }) => at >= window.fromMs && at <= window.toMs);
    return (
      readings.length >= levelReadingsMin &&
      readings.every((reading) => reading.bounds === 'out') &&
      isLevel(readings.map((reading) => reading.value))
    );
  });
}

interface Condition {
  readonly always: boolean;
  readonly never: boolean;
  /** What the rule compares stood still over the second half, further from its threshold than it moved. */
  readonly level: boolean;
  readonly memoryMs: number;
}

function conditionOf(rule: PlannedRule, alert: AlertCase, window: Window): Condition | undefined {
  const parsed = parseExpr(rule.expr, alert.facts);
  const comparison = parsed.ok ? topComparison(parsed.expr) : undefined;
  if (!parsed.ok || !comparison) return undefined;
  const truths = stepsOf(alert.recording, parsed.expr, window).map((step) => isTrue(parsed.expr, step));
  const middle = window.toMs - (window.toMs - alert.injectedAt) / 2;
  const measured = stepsOf(alert.recording, comparison.left, window).filter((step) => step.at >= middle);
  return {
    always: truths.length > 0 && truths.every(Boolean),
    never: !truths.some(Boolean),
    level: standsClear(measured, comparison.threshold),
    memoryMs: longestReachMs(parsed.expr, 0),
  };
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
function notificationWaitMs(notifies: AlertCase['spec']['notifies'], rule: PlannedRule): number | undefined {
  const waits = (notifies?.receivers ?? []).map(
    (receiver) => rule.routes.find((route) => route.receiver === receiver)?.groupWaitMs,
  );
  return waits.includes(undefined) ? undefined : Math.max(0, ...waits.filter((wait) => wait !== undefined));
}
