// The measured side of an objective's comparison over the run, read from the recording for the pictures.

import { UserError } from '../base/diagnostics.ts';
import { redact } from '../base/redact.ts';
import { type QuantityWords, quantityBeside, type Unit, unitOf } from '../experiment/judge/quantity.ts';
import type { ObjectiveSpec } from '../experiment/model.ts';
import type { JudgedPlan } from '../experiment/timeline.ts';
import type { ObjectiveVerdict } from '../experiment/verdict.ts';
import { rangeQuery } from '../promql/engine.ts';
import { parseExpr } from '../promql/parser.ts';
import { holds, worstEnd } from './comparison.ts';
import { planOf, type ReportInput } from './input.ts';

export interface MeasuredSeries {
  /** Unix milliseconds, rising; a gap is a missing entry. */
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export interface Measurement {
  /** Worst first, at most `seriesMax`. */
  readonly series: readonly MeasuredSeries[];
  readonly omitted: number;
  readonly stepMs: number;
  /** Its values, and the threshold, in words. */
  readonly quantity: QuantityWords;
  /** What the comparison asks for: `must be < 100 MB`; '' where the threshold is no constant. */
  readonly must: string;
  /** The same at the line of the threshold: `< 100 MB`. */
  readonly bound: string;
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
  if (input.experiment.chaosToolkit) return measureProbe(input.timeline, objective, endedAt - startedAt);
  const spec = input.experiment.objectives.find((candidate) => candidate.name === objective.name);
  const stepMs = stepOf(spec, planOf(input.timeline), endedAt - startedAt);
  const words = (unit: Unit): Pick<Measurement, 'quantity' | 'must' | 'bound'> => {
    const quantity = quantityBeside(objective.comparison.threshold, spec?.slo ? 'ratio' : unit);
    return { quantity, ...boundWords(objective.comparison, quantity) };
  };
  const nothing = (unit: Unit, problem: string): Measurement => ({
    ...words(unit),
    series: [],
    omitted: 0,
    stepMs,
    problem: redact(problem, input.experiment.secrets),
  });
  const features = new Set(input.experiment.telemetry.features);
  const parsed = parseExpr(objective.comparison.expr, { features });
  if (!parsed.ok) return nothing('none', 'the expression cannot be read');
  const unit = unitOf(parsed.expr);
  try {
    const { series } = rangeQuery(input.recording, parsed.expr, startedAt, endedAt, stepMs, { features });
    const worstFirst = [...series].sort(
      (a, b) => badness(b.values, objective.comparison) - badness(a.values, objective.comparison),
    );
    const shown = worstFirst.slice(0, seriesMax).map(({ times, values }) => ({ times, values }));
    return {
      ...words(unit),
      series: shown,
      omitted: series.length - shown.length,
      stepMs,
      problem: undefined,
    };
  } catch (error) {
    // A report of a failed query is still a report; a bug is not hidden by it.
    if (!(error instanceof UserError)) throw error;
    return nothing(unit, error.message);
  }
}

/** `must be < 100 MB` and `< 100 MB`, `must be 1` and `= 1`, `must not be 0` and `not 0`. */
function boundWords(
  { operator, threshold }: ObjectiveVerdict['comparison'],
  quantity: QuantityWords,
): Pick<Measurement, 'must' | 'bound'> {
  if (threshold === null) return { must: '', bound: '' };
  const limit = quantity(threshold);
  if (operator === '==') return { must: `must be ${limit}`, bound: `= ${limit}` };
  if (operator === '!=') return { must: `must not be ${limit}`, bound: `not ${limit}` };
  return { must: `must be ${operator} ${limit}`, bound: `${operator} ${limit}` };
}

/** Of the width of the picture: how long the answer of a moment is drawn. */
const answerShare = 1 / 80;

/**
 * A probe of a Chaos Toolkit hypothesis is asked at moments: 1 when it was in its tolerance, else 0. Between them nothing
 * is known, so each answer is a short line of its own.
 */
function measureProbe(
  timeline: ReportInput['timeline'],
  { name }: ObjectiveVerdict,
  spanMs: number,
): Measurement {
  const stepMs = Math.max(1, spanMs * answerShare);
  const answers = timeline.flatMap((event) => {
    if (event.type !== 'hypothesis.checked') return [];
    const own = event.probes.find((probe) => probe.name === name);
    return own ? [{ at: event.at, value: own.met ? 1 : 0 }] : [];
  });
  const points = answers.flatMap(({ at, value }, index) => {
    const until = Math.min(at + stepMs, answers[index + 1]?.at ?? Number.POSITIVE_INFINITY);
    return [
      { at, value },
      { at: until, value },
    ];
  });
  return {
    series:
      points.length === 0
        ? []
        : [{ times: points.map(({ at }) => at), values: points.map(({ value }) => value) }],
    omitted: 0,
    stepMs,
    quantity: (value) => (value === 1 ? 'in tolerance' : value === 0 ? 'out of tolerance' : ''),
    must: 'must be in its tolerance',
    bound: 'in its tolerance',
    problem: points.length === 0 ? 'never asked' : undefined,
  };
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
