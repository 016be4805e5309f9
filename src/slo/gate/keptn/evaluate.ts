// Keptn's quality gate: points for each objective, a share of the highest score, and a result. Its algorithm is that of the
// lighthouse service (event_handler/evaluate_sli_handler.go), with one difference: what could not be measured is no failure and
// never a pass, it is inconclusive.

import { aggregate } from './aggregate.ts';
import { type Criterion, isMet, targetOf } from './criterion.ts';
import type { Comparison, CriteriaSet, KeptnObjective, KeptnSlo } from './slo-file.ts';

/** What an indicator's query gave: a number, or why there is none. */
export type Measured =
  | { readonly value: number; readonly query?: string }
  | { readonly missing: string; readonly query?: string };

/** `info` counts for nothing. `no-data` has no points, and the gate cannot pass with it. */
type ObjectiveStatus = 'pass' | 'warning' | 'fail' | 'info' | 'no-data';
type GateResult = 'pass' | 'warning' | 'fail' | 'inconclusive';

/** What later evaluations compare with. */
export interface PastEvaluation {
  readonly result: GateResult;
  readonly values: Readonly<Record<string, { readonly value: number; readonly status: ObjectiveStatus }>>;
}

export interface CriterionResult {
  readonly criterion: string;
  readonly violated: boolean;
  /** What the value was compared with; absent when a relative criterion had nothing earlier, which meets it. */
  readonly target?: number;
  /** The aggregate of earlier values. */
  readonly earlier?: number;
}

export interface ObjectiveResult {
  readonly sli: string;
  readonly displayName?: string;
  readonly weight: number;
  readonly keySli: boolean;
  readonly status: ObjectiveStatus;
  /** Points of `weight`; 0 for what only informs. */
  readonly score: number;
  readonly measured: Measured;
  /** Sets of criteria in the order of the file: all of a set have to be met, and one set is enough. */
  readonly pass: readonly (readonly CriterionResult[])[];
  /** Empty when it passed: a warning's criteria are asked only then. */
  readonly warning: readonly (readonly CriterionResult[])[];
}

export interface GateEvaluation {
  readonly result: GateResult;
  /** Percent of the highest score; 100 when nothing counts. */
  readonly score: number;
  readonly maximum: number;
  readonly objectives: readonly ObjectiveResult[];
  readonly failedKeys: readonly string[];
}

/** `past` is the newest first; how many of them are looked at is the file's choice. */
export function evaluateGate(
  slo: KeptnSlo,
  measured: ReadonlyMap<string, Measured>,
  past: readonly PastEvaluation[],
): GateEvaluation {
  const compared = past
    .filter((evaluation) => isIncluded(evaluation, slo.comparison))
    .slice(0, slo.comparison.count);
  const objectives = slo.objectives.map((objective) => {
    const value = measured.get(objective.sli) ?? { missing: 'no query gives it' };
    return evaluateObjective(objective, value, earlierValue(objective.sli, compared, slo.comparison));
  });
  const maximum = objectives.reduce((sum, { weight, pass }) => sum + (pass.length > 0 ? weight : 0), 0);
  const failedKeys = objectives
    .filter(({ keySli, status }) => keySli && status === 'fail')
    .map(({ sli }) => sli);
  const standing = (of: (result: ObjectiveResult) => number) => {
    const score =
      maximum === 0 ? 100 : (100 * objectives.reduce((sum, result) => sum + of(result), 0)) / maximum;
    return { score, result: resultOf(score, failedKeys.length > 0, slo.totalScore) };
  };
  const known = standing(({ score }) => score);
  return {
    ...known,
    result: honestResult(known.result, objectives, standing),
    maximum,
    objectives,
    failedKeys,
  };
}

/**
 * Blindness is not failure: only what fails even if all that is missing were perfect has failed. An objective that only informs
 * may be missing as long as another one was measured.
 */
function honestResult(
  result: GateResult,
  objectives: readonly ObjectiveResult[],
  standing: (of: (result: ObjectiveResult) => number) => { readonly result: GateResult },
): GateResult {
  const missing = objectives.filter(({ status }) => status === 'no-data');
  if (!missing.some(({ pass }) => pass.length > 0) && missing.length < objectives.length) return result;
  const best = standing(({ status, weight, score }) => (status === 'no-data' ? weight : score));
  return best.result === 'fail' ? 'fail' : 'inconclusive';
}

/** A failed key is never a warning. */
function resultOf(score: number, keyFailed: boolean, { pass, warning }: KeptnSlo['totalScore']): GateResult {
  if (keyFailed) return 'fail';
  if (score >= pass) return 'pass';
  return warning !== undefined && score >= warning ? 'warning' : 'fail';
}

function evaluateObjective(
  objective: KeptnObjective,
  measured: Measured,
  earlier: number | undefined,
): ObjectiveResult {
  const { sli, displayName, weight, keySli } = objective;
  const base = { sli, ...(displayName && { displayName }), weight, keySli, measured };
  if ('missing' in measured) {
    const untested = objective.pass.map((set) =>
      set.map(({ text }) => ({ criterion: text, violated: true })),
    );
    return { ...base, status: 'no-data', score: 0, pass: untested, warning: [] };
  }
  if (objective.pass.length === 0) return { ...base, status: 'info', score: 0, pass: [], warning: [] };
  const test = (sets: readonly CriteriaSet[]) =>
    sets.map((set) => set.map((criterion) => testCriterion(criterion, measured.value, earlier)));
  const pass = test(objective.pass);
  if (pass.some(isWholeSetMet)) return { ...base, status: 'pass', score: weight, pass, warning: [] };
  const warning = test(objective.warning);
  return warning.some(isWholeSetMet)
    ? { ...base, status: 'warning', score: weight / 2, pass, warning }
    : { ...base, status: 'fail', score: 0, pass, warning };
}

function isWholeSetMet(set: readonly CriterionResult[]): boolean {
  return set.every(({ violated }) => !violated);
}

/** Without anything earlier a relative criterion is met: the first evaluation has to be able to pass. */
function testCriterion(criterion: Criterion, value: number, earlier: number | undefined): CriterionResult {
  const { text, operator, relative } = criterion;
  if (relative && earlier === undefined) return { criterion: text, violated: false };
  const target = targetOf(criterion, earlier ?? 0);
  return {
    criterion: text,
    violated: !isMet(operator, value, target),
    target,
    ...(relative && { earlier: earlier! }),
  };
}

/** By the result of the whole evaluation, as Keptn's store selects them (keptn/keptn#2224, #2388). */
function isIncluded({ result }: PastEvaluation, { include }: Comparison): boolean {
  if (include === 'all') return true;
  return result === 'pass' || (include === 'pass_or_warn' && result === 'warning');
}

function earlierValue(
  sli: string,
  past: readonly PastEvaluation[],
  comparison: Comparison,
): number | undefined {
  const values = past.flatMap(({ values }) => (Object.hasOwn(values, sli) ? [values[sli]!.value] : []));
  return values.length > 0 ? aggregate(comparison.aggregate, values) : undefined;
}
