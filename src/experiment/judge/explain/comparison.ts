// A comparison that stayed false: how near it came, when, and what the value would have had to be.

import { humanDuration } from '../../../base/duration.ts';
import {
  type Binary,
  type ComparisonOperator,
  type Expr,
  isComparison,
  unwrapParens,
} from '../../../promql/ast.ts';
import type { RangeSeries } from '../../../promql/engine.ts';
import { topComparison } from '../../../promql/walk.ts';
import type { Evidence } from '../../verdict.ts';
import { formatQuantity, type Unit, unitOf } from '../quantity.ts';
import { type Explanation, type FalseExpr, plain, quoted, seriesOf } from './part.ts';

interface Approach {
  readonly value: number;
  readonly at: number;
  readonly series: RangeSeries;
}

/** Against a constant; `left` is known to have series. */
export function explainThreshold(
  expr: Binary,
  { left, operator, threshold }: { left: Expr; operator: ComparisonOperator; threshold: number },
  about: FalseExpr,
): Explanation {
  const inner = boolComparison(left, operator, threshold);
  const comparison = inner && topComparison(inner);
  if (comparison?.threshold !== undefined && inner)
    return explainThreshold(inner, { ...comparison, threshold: comparison.threshold }, about);
  const all = seriesOf(left, about);
  const best = nearest(all, operator, threshold);
  const text = quoted(expr, about);
  if (!best) return notANumber(left, text, about);
  const unit = unitOf(left);
  const sentence = `${text} stayed false: the value was ${distance(operator, best.value, threshold, unit)}`;
  return plain(sentence, [
    nearestEvidence(
      best,
      all,
      `${formatQuantity(best.value, unit)}, threshold ${formatQuantity(threshold, unit)}`,
    ),
    { label: 'needed', value: neededWords(operator, formatQuantity(threshold, unit)) },
  ]);
}

/** Two sides that both vary, and found each other: the difference tells how near they came. */
export function explainDifference(expr: Binary, operator: ComparisonOperator, about: FalseExpr): Explanation {
  const differences = seriesOf({ ...expr, operator: '-', bool: false }, about);
  const best = nearest(differences, operator, 0);
  const text = quoted(expr, about);
  if (!best) return notANumber(expr, text, about);
  const unit = unitOf(expr.left);
  // Of the nearest moment the sum is known too, and so both sides are.
  const window = { ...about.window, fromMs: best.at, toMs: best.at };
  const sums = seriesOf({ ...expr, operator: '+', bool: false }, { ...about, window });
  const sum = sums.find(({ labels }) => labels.equals(best.series.labels))?.values[0] ?? Number.NaN;
  const [left, right] = [(sum + best.value) / 2, (sum - best.value) / 2];
  const values = `${formatQuantity(left, unit)} against ${formatQuantity(right, unit)}`;
  const gap = formatQuantity(Math.abs(best.value), unit);
  const sentence = `${text} stayed false: at its nearest it was ${values}${best.value === 0 ? '' : `, ${gap} apart`}`;
  return plain(sentence, [
    nearestEvidence(best, differences, values),
    { label: 'needed', value: `the left side ${neededWords(operator, formatQuantity(right, unit))}` },
  ]);
}

/** `(x > bool 5) == 1`: it is the comparison inside that stayed false. */
function boolComparison(left: Expr, operator: ComparisonOperator, threshold: number): Binary | undefined {
  const inner = unwrapParens(left);
  if (inner.kind !== 'binary' || !inner.bool || !isComparison(inner.operator)) return undefined;
  const asksForTrue =
    (operator === '==' && threshold === 1) ||
    (operator === '!=' && threshold === 0) ||
    (operator === '>' && threshold >= 0 && threshold < 1) ||
    (operator === '>=' && threshold > 0 && threshold <= 1);
  return asksForTrue ? inner : undefined;
}

function notANumber(left: Expr, text: string, about: FalseExpr): Explanation {
  const top = unwrapParens(left);
  if (top.kind === 'call' && top.name === 'histogram_quantile')
    return plain(
      `${text} stayed false: nothing was observed in its range, so ${quoted(left, about)} was not a number`,
    );
  return plain(`${text} stayed false: its value was never a number, as 0 divided by 0 is none`);
}

function nearest(
  series: readonly RangeSeries[],
  operator: ComparisonOperator,
  threshold: number,
): Approach | undefined {
  let best: Approach | undefined;
  for (const one of series) {
    one.values.forEach((value, index) => {
      if (Number.isNaN(value)) return;
      if (!best || isNearer(value, best.value, operator, threshold))
        best = { value, at: one.times[index]!, series: one };
    });
  }
  return best;
}

function isNearer(value: number, best: number, operator: ComparisonOperator, threshold: number): boolean {
  if (operator.startsWith('>')) return value > best;
  if (operator.startsWith('<')) return value < best;
  return Math.abs(value - threshold) < Math.abs(best - threshold);
}

function nearestEvidence(best: Approach, all: readonly RangeSeries[], value: string): Evidence {
  const whose = all.length > 1 ? ` (${best.series.labels}, of ${all.length} series)` : '';
  return { label: 'nearest value', value: `${value}${whose}`, at: best.at };
}

function distance(operator: ComparisonOperator, best: number, threshold: number, unit: Unit): string {
  const value = formatQuantity(best, unit);
  if (operator === '==' || operator === '!=') return value;
  const most = operator.startsWith('>') ? 'at most' : 'at least';
  if (best === threshold) return `${most} exactly ${value}`;
  const gap = formatQuantity(Math.abs(threshold - best), unit);
  return `${most} ${value}, ${gap} ${operator.startsWith('>') ? 'below' : 'above'} ${formatQuantity(threshold, unit)}`;
}

const needs: Readonly<Record<ComparisonOperator, string>> = {
  '>': 'more than',
  '>=': 'at least',
  '<': 'less than',
  '<=': 'at most',
  '==': 'exactly',
  '!=': 'anything but',
};

/** `more than 200 MB`; a range in time is told by the caller. */
function neededWords(operator: ComparisonOperator, value: string): string {
  return `${needs[operator]} ${value}`;
}

/** Seconds that a range reads, for sentences on what it holds. */
export function rangeWords(rangeMs: number, scrapeIntervalMs: number): string {
  return `its range of ${humanDuration(rangeMs)} holds fewer than two samples at a scrape interval of ${humanDuration(scrapeIntervalMs)}`;
}
