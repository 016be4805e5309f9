// Measured values in words: `182 MB`, `350ms`, `4.2 %`. The unit is told from the expression by Prometheus's naming
// conventions (https://prometheus.io/docs/practices/naming/) and is only for reading; nothing is judged by it.

import { humanDuration } from '../../base/duration.ts';
import { type Expr, unwrapParens } from '../../promql/ast.ts';
import { selectorsOf } from '../../promql/walk.ts';

export type Unit = 'bytes' | 'seconds' | 'ratio' | 'none';

/** Calls whose result has not the unit of what they read. */
const unitless =
  /^(count|count_over_time|changes|resets|absent|absent_over_time|sgn|deriv|rate|irate|time|timestamp)$/;

/** The unit that an expression's values most likely have. */
export function unitOf(expr: Expr): Unit {
  const top = unwrapParens(expr);
  switch (top.kind) {
    case 'binary':
      if (top.operator === '/') return unitOfQuotient(top.left, top.right);
      if (top.operator === '+' || top.operator === '-') return unitOfSum(top.left, top.right);
      return 'none';
    case 'call':
      if (top.name === 'histogram_quantile') return unitOfName(top.args.at(-1)!);
      if (top.name === 'increase' || top.name === 'delta') return unitOfName(top);
      return unitless.test(top.name) || top.args.length === 0 ? 'none' : unitOf(top.args.at(-1)!);
    case 'aggregate':
      return top.operator === 'count' || top.operator === 'group' || top.operator === 'count_values'
        ? 'none'
        : unitOf(top.expr);
    case 'unary':
    case 'subquery':
      return unitOf(top.expr);
    case 'matrixSelector':
    case 'vectorSelector':
      return unitOfName(top);
    default:
      return 'none';
  }
}

/** Of two series with one unit, or of a constant and a ratio (`1 - errors / total`). */
function unitOfSum(left: Expr, right: Expr): Unit {
  if (unwrapParens(left).kind === 'number') return unitOf(right);
  if (unwrapParens(right).kind === 'number') return unitOf(left);
  const unit = unitOf(left);
  return unit === unitOf(right) ? unit : 'none';
}

function unitOfQuotient(left: Expr, right: Expr): Unit {
  const [above, below] = [left, right].map((expr) => selectorsOf(expr)[0]?.selector.name);
  if (above === undefined || below === undefined) return 'none';
  // The average of a histogram or summary has the unit of what it observes.
  if (above.endsWith('_sum') && below.endsWith('_count')) return unitOfName(left);
  if (isEventCounter(above) && isEventCounter(below)) return 'ratio';
  const unit = unitOf(left);
  return unit !== 'none' && unit === unitOf(right) ? 'ratio' : 'none';
}

function isEventCounter(name: string): boolean {
  return /_(total|count|bucket)$/.test(name);
}

function unitOfName(expr: Expr): Unit {
  const names = selectorsOf(expr).map((use) => use.selector.name.replace(/_(total|sum|bucket|count)$/, ''));
  if (names.length === 0) return 'none';
  if (names.every((name) => name.endsWith('_bytes'))) return 'bytes';
  if (names.every((name) => name.endsWith('_seconds') && !name.endsWith('_timestamp_seconds')))
    return 'seconds';
  return names.every((name) => name.endsWith('_ratio')) ? 'ratio' : 'none';
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Enough where nothing is compared. */
const digitsUsual = 3;
/** A double's own noise begins a few digits further. */
const digitsMax = 9;
const ratioMin = 1e-10;

/**
 * About three significant digits, or as many as are asked for, in the unit's usual scale; `NaN`, `+Inf` and `-Inf` as
 * Prometheus writes them.
 */
export function formatQuantity(value: number, unit: Unit = 'none', digits = digitsUsual): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (unit === 'bytes') return formatBytes(value, digits);
  // The noise of a division is no share of anything.
  if (unit === 'ratio') return `${Math.abs(value) < ratioMin ? 0 : rounded(value * 100, digits)} %`;
  if (unit === 'seconds') return formatSeconds(value, digits);
  return rounded(value, digits);
}

/** How values are written where they stand beside what they are compared with. */
export type QuantityWords = (value: number) => string;

/**
 * Words for the values of a comparison: with as many digits as the distance to the threshold needs, and of a ratio also the
 * distance to 100 %, so that 99.95 % is never read as 100 %. A threshold is written as it was set.
 */
export function quantityBeside(threshold: number | null | undefined, unit: Unit): QuantityWords {
  const marks = [threshold, unit === 'ratio' ? 1 : null].filter((mark) => typeof mark === 'number');
  return (value) => {
    const written = value === threshold ? digitsWritten(value, unit) : 0;
    return formatQuantity(value, unit, Math.max(digitsBeside(value, marks, unit), written));
  };
}

/** One digit of the distance to the nearest mark; of a ratio two, where it is what remains of a budget. */
function digitsBeside(value: number, marks: readonly number[], unit: Unit): number {
  const distances = marks.filter((mark) => mark !== value).map((mark) => Math.abs(mark - value));
  const nearest = Math.min(...distances);
  if (value === 0 || !(nearest > 0) || !Number.isFinite(value) || !Number.isFinite(nearest))
    return digitsUsual;
  const digits = magnitudeOf(value) - magnitudeOf(nearest) + (unit === 'ratio' ? 2 : 1);
  return Math.min(digitsMax, Math.max(digitsUsual, digits));
}

/** Digits of a number that someone wrote; the usual number for one that was computed. */
function digitsWritten(value: number, unit: Unit): number {
  // The usual form of seconds rounds to whole ones from ten on.
  const fewest = unit === 'seconds' ? digitsUsual + 1 : digitsUsual;
  for (let digits = fewest; digits <= digitsMax; digits++) {
    if (Math.abs(Number(value.toPrecision(digits)) - value) <= Math.abs(value) * 1e-12) return digits;
  }
  return digitsUsual;
}

/** The power of ten of the first digit; a difference of two doubles has noise in its last ones. */
function magnitudeOf(value: number): number {
  return Math.floor(Math.log10(Number(Math.abs(value).toPrecision(digitsMax))));
}

function formatBytes(bytes: number, digits: number): string {
  let size = bytes;
  let step = 0;
  // 999.5 would be rounded to 1000 of the smaller unit.
  while (Math.abs(size) >= 999.5 && step < byteUnits.length - 1) {
    size /= 1000;
    step++;
  }
  return `${rounded(size, digits)} ${byteUnits[step]}`;
}

function formatSeconds(seconds: number, digits: number): string {
  if (seconds === 0) return '0s';
  const size = Math.abs(seconds);
  if (size < 0.01 || (size < 1 && digits > digitsUsual)) return `${rounded(seconds * 1000, digits)}ms`;
  return size < 60 && digits > digitsUsual ? `${rounded(seconds, digits)}s` : humanDuration(seconds * 1000);
}

function rounded(value: number, digits: number): string {
  if (Math.abs(value) >= 10 ** (digits - 1) || Number.isInteger(value)) return String(Math.round(value));
  return String(Number(value.toPrecision(digits)));
}
