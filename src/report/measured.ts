// The measured side of an objective's comparison over the run, read from the recording for the pictures.

import { UserError } from '../base/diagnostics.ts';
import { type Labels, metricName } from '../base/labels.ts';
import type { ObjectiveSpec } from '../experiment/model.ts';
import type { JudgedPlan } from '../experiment/timeline.ts';
import type { ObjectiveVerdict } from '../experiment/verdict.ts';
import { rangeQuery } from '../promql/engine.ts';
import { parseExpr } from '../promql/parser.ts';
import { holds, worstEnd } from './comparison.ts';
import { planOf, type ReportInput } from './input.ts';
import { redact } from './redact.ts';

export interface MeasuredSeries {
  /** What tells this series from the others: its labels, redacted. */
  readonly label: string;
  /** Unix milliseconds, rising; a gap is a missing entry. */
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export interface Measurement {
  /** Worst first, at most `seriesMax`. */
  readonly series: readonly MeasuredSeries[];
  readonly omitted: number;
  readonly stepMs: number;
  /** Why there is nothing to show, when the expression cannot be evaluated. */
  readonly problem: string | undefined;
}

/** More lines than this cannot be told apart in one picture. */
const seriesMax = 12;
/** Evaluation steps of one objective; a longer run is read at a coarser step. */
const stepsMax = 5_000;
const defaultStepMs = 1_000;

export function measureObjective(input: ReportInput, objective: ObjectiveVerdict): Measurement {
  const { startedAt, endedAt } = input.verdict;
  const spec = input.experiment.objectives.find((candidate) => candidate.name === objective.name);
  const stepMs = stepOf(spec, planOf(input.timeline), endedAt - startedAt);
  try {
    const expression = parseExpr(objective.comparison.expr);
    const { series } = rangeQuery(input.recording, expression, startedAt, endedAt, stepMs);
    const worstFirst = [...series].sort(
      (a, b) => badness(b.values, objective.comparison) - badness(a.values, objective.comparison),
    );
    return {
      series: worstFirst.slice(0, seriesMax).map(({ labels, times, values }) => ({
        label: redact(labelText(labels), input.experiment.secrets),
        times,
        values,
      })),
      omitted: Math.max(0, series.length - seriesMax),
      stepMs,
      problem: undefined,
    };
  } catch (error) {
    // A report of a failed query is still a report; a bug is not hidden by it.
    if (!(error instanceof UserError)) throw error;
    const problem = redact(error.message, input.experiment.secrets);
    return { series: [], omitted: 0, stepMs, problem };
  }
}

function stepOf(spec: ObjectiveSpec | undefined, plan: JudgedPlan | undefined, spanMs: number): number {
  const stepMs = spec?.stepMs ?? plan?.scrapeIntervalMs ?? defaultStepMs;
  return Math.max(stepMs, Math.ceil(spanMs / stepsMax));
}

/** How far a series goes towards the bad side; without a bad side, how often it does not hold. */
function badness(values: ArrayLike<number>, comparison: ObjectiveVerdict['comparison']): number {
  const list = Array.from(values).filter((value) => !Number.isNaN(value));
  if (comparison.operator === '==' || comparison.operator === '!=')
    return list.filter((value) => !holds(comparison, value)).length;
  const sign = worstEnd(comparison.operator) === 'highest' ? 1 : -1;
  return list.reduce((worst, value) => Math.max(worst, sign * value), Number.NEGATIVE_INFINITY);
}

function labelText(labels: Labels): string {
  return labels.without(metricName).toString();
}
