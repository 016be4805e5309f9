// Which implementation a function's name stands for. Types are in signatures.ts.

import { absent, absentOverTime } from './absent.ts';
import { changes, resets } from './changes.ts';
import { maxOfTwo, minOfTwo, pi, scalar, vector } from './conversion.ts';
import { clamp, clampMax, clampMin, deg, ofValue, rad, round, sgn } from './elementwise.ts';
import type { FunctionImplementation } from './function.ts';
import { histogramFraction, histogramQuantile, histogramQuantiles } from './histogram/functions.ts';
import {
  histogramAvg,
  histogramCount,
  histogramStddev,
  histogramStdvar,
  histogramSum,
} from './histogram/statistics.ts';
import { info } from './info.ts';
import { idelta, irate } from './instant-rate.ts';
import { labelJoin, labelReplace } from './labels.ts';
import { maxOverTime, minOverTime, tsOfMaxOverTime, tsOfMinOverTime } from './over-time/extreme.ts';
import {
  countOverTime,
  firstOverTime,
  lastOverTime,
  presentOverTime,
  tsOfFirstOverTime,
  tsOfLastOverTime,
} from './over-time/presence.ts';
import { madOverTime, quantileOverTime } from './over-time/quantile.ts';
import { avgOverTime, sumOverTime } from './over-time/sum.ts';
import { stddevOverTime, stdvarOverTime } from './over-time/variance.ts';
import { delta, increase, rate } from './rate.ts';
import { deriv, predictLinear } from './regression.ts';
import { doubleExponentialSmoothing } from './smoothing.ts';
import { sort, sortByLabel, sortByLabelDesc, sortDesc } from './sort.ts';
import {
  dayOfMonth,
  dayOfWeek,
  dayOfYear,
  daysInMonth,
  end,
  hour,
  minute,
  month,
  range,
  start,
  step,
  time,
  year,
} from './time.ts';
import { startTimestamp, timestamp } from './timestamp.ts';

const implementations: Readonly<Record<string, FunctionImplementation>> = {
  abs: ofValue(Math.abs),
  absent,
  absent_over_time: absentOverTime,
  acos: ofValue(Math.acos),
  acosh: ofValue(Math.acosh),
  asin: ofValue(Math.asin),
  asinh: ofValue(Math.asinh),
  atan: ofValue(Math.atan),
  atanh: ofValue(Math.atanh),
  avg_over_time: avgOverTime,
  ceil: ofValue(Math.ceil),
  changes,
  clamp,
  clamp_max: clampMax,
  clamp_min: clampMin,
  cos: ofValue(Math.cos),
  cosh: ofValue(Math.cosh),
  count_over_time: countOverTime,
  day_of_month: dayOfMonth,
  day_of_week: dayOfWeek,
  day_of_year: dayOfYear,
  days_in_month: daysInMonth,
  deg,
  delta,
  deriv,
  double_exponential_smoothing: doubleExponentialSmoothing,
  end,
  exp: ofValue(Math.exp),
  first_over_time: firstOverTime,
  floor: ofValue(Math.floor),
  histogram_avg: histogramAvg,
  histogram_count: histogramCount,
  histogram_fraction: histogramFraction,
  histogram_quantile: histogramQuantile,
  histogram_quantiles: histogramQuantiles,
  histogram_stddev: histogramStddev,
  histogram_stdvar: histogramStdvar,
  histogram_sum: histogramSum,
  hour,
  idelta,
  increase,
  info,
  irate,
  label_join: labelJoin,
  label_replace: labelReplace,
  last_over_time: lastOverTime,
  ln: ofValue(Math.log),
  log10: ofValue(Math.log10),
  log2: ofValue(Math.log2),
  mad_over_time: madOverTime,
  max_of: maxOfTwo,
  max_over_time: maxOverTime,
  min_of: minOfTwo,
  min_over_time: minOverTime,
  minute,
  month,
  pi,
  predict_linear: predictLinear,
  present_over_time: presentOverTime,
  quantile_over_time: quantileOverTime,
  rad,
  range,
  rate,
  resets,
  round,
  scalar,
  sgn,
  sin: ofValue(Math.sin),
  sinh: ofValue(Math.sinh),
  sort,
  sort_by_label: sortByLabel,
  sort_by_label_desc: sortByLabelDesc,
  sort_desc: sortDesc,
  sqrt: ofValue(Math.sqrt),
  start,
  start_timestamp: startTimestamp,
  stddev_over_time: stddevOverTime,
  stdvar_over_time: stdvarOverTime,
  step,
  sum_over_time: sumOverTime,
  tan: ofValue(Math.tan),
  tanh: ofValue(Math.tanh),
  time,
  timestamp,
  ts_of_first_over_time: tsOfFirstOverTime,
  ts_of_last_over_time: tsOfLastOverTime,
  ts_of_max_over_time: tsOfMaxOverTime,
  ts_of_min_over_time: tsOfMinOverTime,
  vector,
  year,
};

export function implementationOf(name: string): FunctionImplementation {
  const implementation = implementations[name];
  if (!implementation) throw new Error(`function ${name} has a signature and no implementation`);
  return implementation;
}
