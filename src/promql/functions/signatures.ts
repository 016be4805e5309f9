// The functions of PromQL and the types that they take; what each does is in the other files of this folder.

import type { ValueType } from '../ast.ts';

export interface FunctionSignature {
  readonly args: readonly ValueType[];
  /**
   * How many arguments beyond those before the last type may follow, all of the last type: 0 when the number is fixed,
   * Infinity when it is open.
   */
  readonly variadic: number;
  readonly returns: ValueType;
}

function signature(
  args: readonly ValueType[],
  returns: ValueType = 'vector',
  variadic = 0,
): FunctionSignature {
  return { args, returns, variadic };
}

const ofVector = signature(['vector']);
const ofRange = signature(['matrix']);
const ofOptionalVector = signature(['vector'], 'vector', 1);
const constant = signature([], 'scalar');

function named(shape: FunctionSignature, names: readonly string[]): [string, FunctionSignature][] {
  return names.map((name) => [name, shape]);
}

const signatures: ReadonlyMap<string, FunctionSignature> = new Map([
  ...named(ofVector, ['abs', 'absent', 'ceil', 'exp', 'floor', 'ln', 'log10', 'log2', 'sgn', 'sqrt']),
  ...named(ofVector, ['acos', 'acosh', 'asin', 'asinh', 'atan', 'atanh', 'cos', 'cosh', 'deg', 'rad']),
  ...named(ofVector, ['histogram_avg', 'histogram_count', 'histogram_stddev', 'histogram_stdvar']),
  ...named(ofVector, ['histogram_sum']),
  ...named(ofVector, ['sin', 'sinh', 'tan', 'tanh', 'sort', 'sort_desc', 'timestamp', 'start_timestamp']),
  ...named(ofRange, ['changes', 'delta', 'deriv', 'idelta', 'increase', 'irate', 'rate', 'resets']),
  ...named(ofRange, ['absent_over_time', 'avg_over_time', 'count_over_time', 'first_over_time']),
  ...named(ofRange, ['last_over_time', 'mad_over_time', 'max_over_time', 'min_over_time']),
  ...named(ofRange, ['present_over_time', 'stddev_over_time', 'stdvar_over_time', 'sum_over_time']),
  ...named(ofRange, ['ts_of_first_over_time', 'ts_of_last_over_time']),
  ...named(ofRange, ['ts_of_max_over_time', 'ts_of_min_over_time']),
  ...named(ofOptionalVector, ['day_of_month', 'day_of_week', 'day_of_year', 'days_in_month']),
  ...named(ofOptionalVector, ['hour', 'minute', 'month', 'year']),
  ...named(constant, ['end', 'pi', 'range', 'start', 'step', 'time']),
  ...named(signature(['scalar', 'scalar'], 'scalar'), ['max_of', 'min_of']),
  ['clamp', signature(['vector', 'scalar', 'scalar'])],
  ...named(signature(['vector', 'scalar']), ['clamp_max', 'clamp_min']),
  ['double_exponential_smoothing', signature(['matrix', 'scalar', 'scalar'])],
  ['histogram_fraction', signature(['scalar', 'scalar', 'vector'])],
  ['histogram_quantile', signature(['scalar', 'vector'])],
  ['histogram_quantiles', signature(['vector', 'string', 'scalar', 'scalar'], 'vector', 9)],
  ['info', signature(['vector', 'vector'], 'vector', 1)],
  ['label_join', signature(['vector', 'string', 'string', 'string'], 'vector', Number.POSITIVE_INFINITY)],
  ['label_replace', signature(['vector', 'string', 'string', 'string', 'string'])],
  ['predict_linear', signature(['matrix', 'scalar'])],
  ['quantile_over_time', signature(['scalar', 'matrix'])],
  ['round', signature(['vector', 'scalar'], 'vector', 1)],
  ['scalar', signature(['vector'], 'scalar')],
  ...named(signature(['vector', 'string'], 'vector', Number.POSITIVE_INFINITY), [
    'sort_by_label',
    'sort_by_label_desc',
  ]),
  ['vector', signature(['scalar'])],
]);

export function signatureOf(name: string): FunctionSignature | undefined {
  return signatures.get(name);
}

/** Functions behind the flag `promql-experimental-functions`. */
export const experimentalFunctions: ReadonlySet<string> = new Set([
  'double_exponential_smoothing',
  'end',
  'histogram_quantiles',
  'info',
  'mad_over_time',
  'max_of',
  'min_of',
  'range',
  'sort_by_label',
  'sort_by_label_desc',
  'start',
  'start_timestamp',
  'step',
  'ts_of_first_over_time',
  'ts_of_last_over_time',
  'ts_of_max_over_time',
  'ts_of_min_over_time',
]);
