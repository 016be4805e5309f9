// What can be said before anything is broken: deadlines that no rule can meet, alerts that this fault cannot prove,
// and how late the brake is.

import { humanDuration } from '../../base/duration.ts';
import { deadlineProblems, predictRule, provability } from '../judge/predict.ts';
import type { AlertSpec, Experiment } from '../model.ts';
import type { JudgedPlan, PlannedAlert, PlannedRule } from '../timeline.ts';

export interface Foresight {
  readonly alert: string;
  readonly severity: 'warning' | 'note';
  readonly text: string;
}

export function foresee(
  experiment: Experiment,
  plan: Pick<JudgedPlan, 'alerts' | 'phases' | 'scrapeIntervalMs'>,
): Foresight[] {
  return experiment.alerts.flatMap((spec, index) => foreseeAlert(spec, plan.alerts[index]!, plan));
}

function foreseeAlert(
  spec: AlertSpec,
  planned: PlannedAlert,
  plan: Pick<JudgedPlan, 'phases' | 'scrapeIntervalMs'>,
): Foresight[] {
  if (spec.expect === 'quiet' || spec.expect === 'any') return [];
  return planned.rules.flatMap((rule) => {
    const prediction = predictionOf(rule, plan.scrapeIntervalMs);
    const deadlines = { firesWithinMs: spec.firesWithinMs, notifiesWithinMs: spec.notifies?.withinMs };
    const problems = deadlineProblems(prediction, deadlines).map(
      ({ deadline, withinMs, leastMs, worstMs, kind }): Foresight => {
        const asked = `${deadline} within ${humanDuration(withinMs)}`;
        return kind === 'impossible'
          ? {
              alert: spec.name,
              severity: 'warning',
              text: `"${asked}" can never be met: the rule needs at least ${humanDuration(leastMs)}`,
            }
          : {
              alert: spec.name,
              severity: 'note',
              text: `"${asked}" is met only by luck: the rule may need ${humanDuration(worstMs)}`,
            };
      },
    );
    return [...problems, ...proof(spec, prediction, deadlines, plan.phases.faultMs)];
  });
}

function proof(
  spec: AlertSpec,
  prediction: ReturnType<typeof predictRule>,
  deadlines: { firesWithinMs: number | undefined; notifiesWithinMs: number | undefined },
  faultMs: number,
): Foresight[] {
  if (faultMs === 0) return [];
  const { canRing, canMiss, neededFaultMs } = provability(prediction, deadlines, faultMs);
  if (canRing && canMiss) return [];
  const lasts = `the fault lasts ${humanDuration(faultMs)}`;
  const text = canRing
    ? `it can prove itself right, but not wrong: ${lasts}, and its last deadline is ${humanDuration(neededFaultMs)} after the breach`
    : `it may not ring in time to be proven: ${lasts}, and it may need ${humanDuration(neededFaultMs)} after the breach`;
  return [{ alert: spec.name, severity: canRing ? 'note' : 'warning', text }];
}

function predictionOf(rule: PlannedRule, scrapeIntervalMs: number): ReturnType<typeof predictRule> {
  return predictRule({
    scrapeIntervalMs,
    evaluationIntervalMs: rule.evaluationIntervalMs,
    forMs: rule.forMs,
    keepFiringForMs: rule.keepFiringForMs,
    rangeMs: rule.longestRangeMs,
    groupWaitMs: Math.max(0, ...rule.routes.map((route) => route.groupWaitMs)),
    groupIntervalMs: Math.max(0, ...rule.routes.map((route) => route.groupIntervalMs)),
  });
}
