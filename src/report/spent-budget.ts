// What a fault cost of the error budget of an SLO, for someone who has never heard of either.

import { coarseDuration } from '../base/duration.ts';
import { gatherFacts } from '../experiment/judge/facts.ts';
import { formatQuantity, quantityBeside } from '../experiment/judge/quantity.ts';
import { budgetSpent } from '../experiment/judge/slo.ts';
import type { ObjectiveVerdict } from '../experiment/verdict.ts';
import { windowWords } from '../slo/time-window.ts';
import type { ReportInput } from './input.ts';

export interface SpentBudget {
  /** Of the whole budget; more than 1 is possible. */
  readonly share: number;
  /** `0.735 % of the error budget of 30d`. */
  readonly spent: string;
  /** What the words mean, in two sentences. */
  readonly explained: string;
}

/** Undefined where the judge told nothing of a budget. */
export function spentBudget(input: ReportInput, objective: ObjectiveVerdict): SpentBudget | undefined {
  const slo = input.experiment.objectives.find(({ name }) => name === objective.name)?.slo;
  if (!slo || !objective.evidence.some(({ label }) => label === 'error budget spent')) return undefined;
  const facts = gatherFacts(input.experiment, input.timeline, input.recording);
  if (facts.injectedAt === null) return undefined;
  const fault = { fromMs: facts.injectedAt, toMs: facts.undoingAt ?? facts.undoneAt ?? facts.endedAt };
  const spent = budgetSpent(input.recording, slo, fault, facts.features);
  if (!spent) return undefined;
  const { share, burnRate } = spent;
  const window = windowWords(slo.window);
  const { ratio, errorBudget } = slo.target;
  const counted = slo.budgeting.method === 'Timeslices' ? ' of the time slices' : '';
  return {
    share,
    spent: `${formatQuantity(share, 'ratio')} of the error budget of ${window}`,
    explained: `${quantityBeside(ratio, 'ratio')(ratio)}${counted} must be good over ${window}: the ${formatQuantity(errorBudget, 'ratio')} that may fail is the error budget. ${rateWords(burnRate, slo.window.durationMs)}`,
  };
}

function rateWords(burnRate: number, windowMs: number): string {
  if (burnRate === 0) return 'The fault spent nothing of it.';
  const rate = formatQuantity(burnRate);
  if (burnRate <= 1) return `A burn rate of ${rate} spends it no faster than it lasts.`;
  return `A burn rate of ${rate} spends it ${rate} times as fast as it lasts: held on, a whole one would be gone in ${coarseDuration(windowMs / burnRate)}.`;
}
