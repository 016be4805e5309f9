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

/** About three significant digits, in the unit's usual scale; `NaN`, `+Inf` and `-Inf` as Prometheus writes them. */
export function formatQuantity(value: number, unit: Unit = 'none'): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'ratio') return `${threeDigits(value * 100)} %`;
  if (unit === 'seconds') return formatSeconds(value);
  return threeDigits(value);
}

function formatBytes(bytes: number): string {
  let size = bytes;
  let step = 0;
  // 999.5 would be rounded to 1000 of the smaller unit.
  while (Math.abs(size) >= 999.5 && step < byteUnits.length - 1) {
    size /= 1000;
    step++;
  }
  return `${threeDigits(size)} ${byteUnits[step]}`;
}

function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0s';
  return Math.abs(seconds) < 0.01 ? `${threeDigits(seconds * 1000)}ms` : humanDuration(seconds * 1000);
}

function threeDigits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}
