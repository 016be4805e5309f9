// What can be said before anything is broken: deadlines that no rule can meet, alerts that this fault cannot prove,
// and how late the brake is.

import { humanDuration } from '../../base/duration.ts';
import { deadlineProblems, predictRule, provability } from '../judge/predict.ts';
import type { AlertSpec, Experiment } from '../model.ts';
import type { JudgedPlan, PlannedAlert, PlannedRule } from '../timeline.ts';

export interface Foresight {
  readonly alert: string;
  /** Which of the experiment's alerts, counted from 0: two may have one name. */
  readonly entry: number;
  readonly severity: 'warning' | 'note';
  readonly text: string;
}

export function foresee(
  experiment: Experiment,
  plan: Pick<JudgedPlan, 'alerts' | 'phases' | 'scrapeIntervalMs'>,
): Foresight[] {
  return experiment.alerts.flatMap((spec, entry) =>
    foreseeAlert(spec, plan.alerts[entry]!, plan).map((found) => ({ alert: spec.name, entry, ...found })),
  );
}

type Found = Omit<Foresight, 'alert' | 'entry'>;

function foreseeAlert(
  spec: AlertSpec,
  planned: PlannedAlert,
  plan: Pick<JudgedPlan, 'phases' | 'scrapeIntervalMs'>,
): Found[] {
  if (spec.expect === 'quiet' || spec.expect === 'any') return [];
  return planned.rules.flatMap((rule) => {
    const prediction = predictionOf(rule, plan.scrapeIntervalMs);
    const deadlines = { firesWithinMs: spec.firesWithinMs, notifiesWithinMs: spec.notifies?.withinMs };
    const problems = deadlineProblems(prediction, deadlines).map(
      ({ deadline, withinMs, leastMs, worstMs, kind }): Found => {
        const asked = `${deadline} within ${humanDuration(withinMs)}`;
        return kind === 'impossible'
          ? {
              severity: 'warning',
              text: `"${asked}" can never be met: the rule needs at least ${humanDuration(leastMs)}`,
            }
          : {
              severity: 'note',
              text: `"${asked}" is met only by luck: the rule may need ${humanDuration(worstMs)}`,
            };
      },
    );
    return [...problems, ...proof(prediction, deadlines, plan.phases.faultMs)];
  });
}

function proof(
  prediction: ReturnType<typeof predictRule>,
  deadlines: { firesWithinMs: number | undefined; notifiesWithinMs: number | undefined },
  faultMs: number,
): Found[] {
  if (faultMs === 0) return [];
  const { canRing, canMiss, neededFaultMs } = provability(prediction, deadlines, faultMs);
  if (canRing && canMiss)
    return [{ severity: 'note', text: 'this fault lasts long enough to prove it right or wrong' }];
  const lasts = `the fault lasts ${humanDuration(faultMs)}`;
  const text = canRing
    ? `it can prove itself right, but not wrong: ${lasts}, and its last deadline is ${humanDuration(neededFaultMs)} after the breach`
    : `it may not ring in time to be proven: ${lasts}, and it may need ${humanDuration(neededFaultMs)} after the breach`;
  return [{ severity: canRing ? 'note' : 'warning', text }];
}

function predictionOf(rule: PlannedRule, scrapeIntervalMs: number): ReturnType<typeof predictRule> {
  return predictRule({
    scrapeIntervalMs,
    evaluationIntervalMs: rule.evaluationIntervalMs,
    forMs: rule.forMs,
    keepFiringForMs: rule.keepFiringForMs,
    rangeMs: rule.longestRangeMs,
    upstreamEvaluationMs: rule.upstreamEvaluationMs ?? 0,
    groupWaitMs: Math.max(0, ...rule.routes.map((route) => route.groupWaitMs)),
    groupIntervalMs: Math.max(0, ...rule.routes.map((route) => route.groupIntervalMs)),
  });
}
