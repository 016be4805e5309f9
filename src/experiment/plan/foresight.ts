// What can be said before anything is broken: deadlines that no rule can meet, alerts that this fault cannot prove and those
// that no fault can, and what length would prove them.

import { formatDuration, humanDuration } from '../../base/duration.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { deadlineProblems, forTicksMs, type Prediction, predictRule, provability } from '../judge/predict.ts';
import { formatQuantity } from '../judge/quantity.ts';
import type { AlertSpec, Experiment } from '../model.ts';
import {
  type BurnPair,
  burnPairsOf,
  detectionMs,
  leastErrorRatio,
  pairDetectionMs,
} from '../projection/burn-pairs.ts';
import { simulatedFiringMs } from '../projection/simulate.ts';
import type { JudgedPlan, PlannedAlert, PlannedRule } from '../timeline.ts';
import type { Strength } from './strength.ts';

export interface Foresight {
  readonly alert: string;
  /** Which of the experiment's alerts, counted from 0: two may have one name. */
  readonly entry: number;
  readonly severity: 'warning' | 'note';
  readonly text: string;
}

type Known = Pick<JudgedPlan, 'alerts' | 'phases' | 'scrapeIntervalMs' | 'recordings'>;
type Found = Omit<Foresight, 'alert' | 'entry'>;

export function foresee(experiment: Experiment, plan: Known, strength: Strength): Foresight[] {
  return experiment.alerts.flatMap((spec, entry) =>
    foreseeAlert(spec, plan.alerts[entry]!, plan, strength).map((found) => ({
      alert: spec.name,
      entry,
      ...found,
    })),
  );
}

function foreseeAlert(spec: AlertSpec, planned: PlannedAlert, plan: Known, strength: Strength): Found[] {
  if (spec.expect === 'quiet' || spec.expect === 'any') return [];
  return planned.rules.flatMap((rule) => {
    const detection = detectionOf(rule, plan, strength);
    const never = neverRings(detection, strength);
    if (never.length > 0) return [...pairLines(detection.pairs), ...never];
    const prediction = predictionOf(rule, plan.scrapeIntervalMs, detection);
    return [
      ...pairLines(detection.pairs),
      ...simulationLine(detection, strength),
      ...deadlineLines(spec, rule, prediction, plan.scrapeIntervalMs, detection),
      ...proof(prediction, spec, plan.phases.faultMs, detection, strength),
    ];
  });
}

/** From the begin of the fault to where the expression is true, scrapes and evaluations not counted; milliseconds. */
interface Detection {
  readonly pairs: readonly BurnPair[] | undefined;
  /** With every request failing, and at the fault's strength; Infinity for never. */
  readonly atTotalMs: number;
  readonly atStrengthMs: number;
  /** Of a rule without a closed form, at the fault's strength; `for` counts. */
  readonly simulatedMs: number | undefined;
}

function detectionOf(rule: PlannedRule, plan: Known, { errorRatio }: Strength): Detection {
  const parsed = parseExpr(rule.expr, { features: allFeatures });
  const recordings = plan.recordings ?? [];
  const pairs = parsed.ok ? burnPairsOf(parsed.expr, recordings) : undefined;
  if (pairs) {
    const [atTotalMs, atStrengthMs] = [detectionMs(pairs, 1), detectionMs(pairs, errorRatio)];
    return { pairs, atTotalMs, atStrengthMs, simulatedMs: undefined };
  }
  const { scrapeIntervalMs } = plan;
  const simulatedMs = parsed.ok
    ? simulatedFiringMs({
        ...{ rule, expr: parsed.expr, recordings, scrapeIntervalMs, share: errorRatio },
        features: allFeatures,
      })
    : undefined;
  return { pairs, atTotalMs: 0, atStrengthMs: rule.longestRangeMs, simulatedMs };
}

/** `14.4x over 1h and 5m: needs 52s at 100 %, 8m38s at 10 %`. */
function pairLines(pairs: readonly BurnPair[] = []): Found[] {
  return pairs.map((pair) => {
    const needs = [1, 0.1].map((errorRatio) => {
      const ms = pairDetectionMs(pair, errorRatio);
      const share = formatQuantity(errorRatio, 'ratio');
      return Number.isFinite(ms) ? `${humanDuration(ms)} at ${share}` : `never fires at ${share}`;
    });
    return { severity: 'note', text: `${pairName(pair)}: needs ${needs.join(', ')} of errors` };
  });
}

function pairName(pair: BurnPair): string {
  const [first] = pair;
  const windows = pair.map(({ windowMs }) => formatDuration(windowMs)).join(' and ');
  const { factor, threshold } = first!;
  return factor === undefined
    ? `above ${formatQuantity(threshold, 'ratio')} over ${windows}`
    : `${formatQuantity(factor)}x over ${windows}`;
}

/** No fault, or none of this strength, whatever its length. */
function neverRings({ pairs, atTotalMs, atStrengthMs, simulatedMs }: Detection, strength: Strength): Found[] {
  if (simulatedMs === Number.POSITIVE_INFINITY)
    return [
      {
        severity: 'warning',
        text: `simulated, it stays silent even when ${hitWords(strength)} is down for as long as its windows are`,
      },
    ];
  if (!pairs || Number.isFinite(atStrengthMs)) return [];
  const [easiest] = pairs.toSorted((a, b) => leastErrorRatio(a) - leastErrorRatio(b));
  const least = formatQuantity(leastErrorRatio(easiest!), 'ratio');
  if (Number.isFinite(atTotalMs)) {
    const text = `it needs more than ${least} of errors, and this fault reaches ${formatQuantity(strength.errorRatio, 'ratio')} (${strength.why}): no length of it proves anything`;
    return [{ severity: 'warning', text }];
  }
  const { factor, budget } = easiest!.find(({ threshold }) => threshold >= 1)!;
  const product =
    factor === undefined || budget === undefined
      ? least
      : `${formatQuantity(factor)} times the budget of ${formatQuantity(budget, 'ratio')} is ${least}`;
  return [{ severity: 'warning', text: `it can never fire: ${product}, and no more than all can fail` }];
}

function hitWords({ why }: Strength): string {
  return why ?? 'everything that it reads';
}

function simulationLine({ simulatedMs }: Detection, strength: Strength): Found[] {
  if (simulatedMs === undefined) return [];
  const text = `simulated, it fires ${humanDuration(simulatedMs)} after ${hitWords(strength)} went down`;
  return [{ severity: 'note', text }];
}

function deadlineLines(
  spec: AlertSpec,
  rule: PlannedRule,
  prediction: Prediction,
  scrapeIntervalMs: number,
  detection: Detection,
): Found[] {
  return deadlineProblems(prediction, deadlinesOf(spec)).map(
    ({ deadline, withinMs, leastMs, worstMs, kind }): Found => {
      const asked = `${deadline} within ${humanDuration(withinMs)}`;
      if (kind === 'impossible')
        return {
          severity: 'warning',
          text: `"${asked}" can never be met: the rule needs at least ${humanDuration(leastMs)}`,
        };
      const sum = partsOf(rule, scrapeIntervalMs, detection, deadline === 'notifies');
      return {
        severity: 'note',
        text: `"${asked}" is met only by luck: the rule may need ${humanDuration(worstMs)} (${sum})`,
      };
    },
  );
}

/** `scrape 15s + range 5m + evaluation 1m + for 2m + group_wait 30s`. */
function partsOf(
  rule: PlannedRule,
  scrapeIntervalMs: number,
  { pairs, atStrengthMs }: Detection,
  isTold: boolean,
): string {
  const parts: [string, number][] = [
    ['scrape', scrapeIntervalMs],
    [pairs ? 'windows' : 'range', atStrengthMs],
    ['recording rules', rule.upstreamEvaluationMs ?? 0],
    ['evaluation', rule.evaluationIntervalMs],
    ['for', forTicksMs(rule.forMs, rule.evaluationIntervalMs)],
    ['group_wait', isTold ? groupWaitMs(rule) : 0],
  ];
  return parts
    .filter(([, ms]) => ms > 0)
    .map(([name, ms]) => `${name} ${humanDuration(ms)}`)
    .join(' + ');
}

function proof(
  prediction: Prediction,
  spec: AlertSpec,
  faultMs: number,
  { pairs, atStrengthMs, atTotalMs }: Detection,
  strength: Strength,
): Found[] {
  if (faultMs === 0) return [];
  const { canRing, canMiss, neededFaultMs } = provability(prediction, deadlinesOf(spec), faultMs);
  if (canRing && canMiss)
    return [{ severity: 'note', text: 'this fault lasts long enough to prove it right or wrong' }];
  const lasts = `the fault lasts ${humanDuration(faultMs)}`;
  const would = `"duration: ${formatDuration(roundedUp(neededFaultMs))}" would`;
  if (canRing)
    return [
      {
        severity: 'note',
        text: `it can prove itself right, but not wrong: ${lasts}, and its last deadline is ${humanDuration(neededFaultMs)} after the breach; ${would}`,
      },
    ];
  const reaches =
    pairs && atStrengthMs > atTotalMs
      ? ` at ${formatQuantity(strength.errorRatio, 'ratio')} of errors (${strength.why})`
      : '';
  const text =
    pairs && faultMs < atStrengthMs
      ? `this fault of ${humanDuration(faultMs)} proves nothing of it${reaches}, ${would}`
      : `it may not ring in time to be proven: ${lasts}, and it may need ${humanDuration(neededFaultMs)} after the breach${reaches}; ${would}`;
  return [{ severity: 'warning', text }];
}

/** To what people write: whole seconds, from two minutes on whole minutes. */
function roundedUp(ms: number): number {
  const unitMs = ms < 120_000 ? 1000 : 60_000;
  return Math.ceil(ms / unitMs) * unitMs;
}

function deadlinesOf(spec: AlertSpec) {
  return { firesWithinMs: spec.firesWithinMs, notifiesWithinMs: spec.notifies?.withinMs };
}

function predictionOf(rule: PlannedRule, scrapeIntervalMs: number, detection: Detection): Prediction {
  const { pairs, atTotalMs, atStrengthMs } = detection;
  return predictRule({
    scrapeIntervalMs,
    evaluationIntervalMs: rule.evaluationIntervalMs,
    forMs: rule.forMs,
    keepFiringForMs: rule.keepFiringForMs,
    rangeMs: atStrengthMs,
    leastRangeMs: pairs ? atTotalMs : 0,
    upstreamEvaluationMs: rule.upstreamEvaluationMs ?? 0,
    groupWaitMs: groupWaitMs(rule),
    groupIntervalMs: Math.max(0, ...rule.routes.map((route) => route.groupIntervalMs)),
  });
}

function groupWaitMs({ routes }: PlannedRule): number {
  return Math.max(0, ...routes.map((route) => route.groupWaitMs));
}
