// Expressions in Prometheus's normal form: what its rules API shows as `query`.

import { formatDuration } from '../base/duration.ts';
import type { Matcher } from '../base/matcher.ts';
import type {
  Aggregate,
  AtModifier,
  Binary,
  DurationExpr,
  Expr,
  TimeModifiers,
  VectorSelector,
} from './ast.ts';
import { typeOf } from './ast.ts';
import { formatGeneral, formatPlain } from './format.ts';
import { quote, quoteLabelName } from './syntax/quote.ts';
import { parameterAggregators } from './syntax/tokens.ts';

export function printExpr(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.duration ? formatDuration(expr.value * 1000) : formatPlain(expr.value);
    case 'string':
      return quote(expr.value);
    case 'paren':
      return `(${printExpr(expr.expr)})`;
    case 'unary':
      return expr.operator + printExpr(expr.expr);
    case 'binary':
      return printBinary(expr);
    case 'call':
      return `${expr.name}(${expr.args.map(printExpr).join(', ')})`;
    case 'aggregate':
      return printAggregate(expr);
    case 'vectorSelector':
      return printSeries(expr) + printExtended(expr) + printTime(expr);
    case 'matrixSelector': {
      const range = printDuration(expr.rangeMs, expr.rangeExpr);
      const { selector } = expr;
      return `${printSeries(selector)}[${range}]${printExtended(selector)}${printTime(selector)}`;
    }
    case 'subquery': {
      const step = expr.stepMs === undefined ? '' : printDuration(expr.stepMs, expr.stepExpr);
      const range = printDuration(expr.rangeMs, expr.rangeExpr);
      return `${printExpr(expr.expr)}[${range}:${step}]${printTime(expr)}`;
    }
  }
}

function printAggregate(expr: Aggregate): string {
  const { operator, grouping, without, parameter } = expr;
  const labels = grouping.map(quoteLabelName).join(', ');
  const clause = without ? ` without (${labels}) ` : grouping.length > 0 ? ` by (${labels}) ` : '';
  const first = parameter && parameterAggregators.has(operator) ? `${printExpr(parameter)}, ` : '';
  return `${operator}${clause}(${first}${printExpr(expr.expr)})`;
}

function printBinary(expr: Binary): string {
  const betweenVectors = typeOf(expr.left) === 'vector' && typeOf(expr.right) === 'vector';
  const operator = `${expr.operator}${expr.bool ? ' bool' : ''}${betweenVectors ? printMatching(expr) : ''}`;
  return `${printExpr(expr.left)} ${operator} ${printExpr(expr.right)}`;
}

function printMatching({ matching }: Binary): string {
  const { card, on, labels, include, fillLeft, fillRight } = matching;
  let text = '';
  if (labels.length > 0 || on || card !== 'one-to-one') {
    text += ` ${on ? 'on' : 'ignoring'} (${labels.map(quoteLabelName).join(', ')})`;
  }
  if (card !== 'one-to-one') {
    const side = card === 'many-to-one' ? 'left' : 'right';
    text += ` group_${side} (${include.map(quoteLabelName).join(', ')})`;
  }
  if (fillLeft !== undefined && fillLeft === fillRight) return `${text} fill (${formatGeneral(fillLeft)})`;
  if (fillLeft !== undefined) text += ` fill_left (${formatGeneral(fillLeft)})`;
  if (fillRight !== undefined) text += ` fill_right (${formatGeneral(fillRight)})`;
  return text;
}

function printSeries({ name, matchers }: VectorSelector): string {
  const shown = matchers.filter((matcher) => !isNameOf(name, matcher)).map(printMatcher);
  return shown.length === 0 && name !== '' ? name : `${name}{${shown.sort().join(',')}}`;
}

function isNameOf(name: string, matcher: Matcher): boolean {
  return name !== '' && matcher.name === '__name__' && matcher.operator === '=' && matcher.value === name;
}

function printMatcher(matcher: Matcher): string {
  return `${quoteLabelName(matcher.name)}${matcher.operator}${quote(matcher.value)}`;
}

function printExtended({ extended }: VectorSelector): string {
  return extended ? ` ${extended}` : '';
}

function printTime({ at, offsetMs, offsetExpr }: TimeModifiers): string {
  const hasOffset = offsetMs !== 0 || offsetExpr !== undefined;
  return printAt(at) + (hasOffset ? ` offset ${printDuration(offsetMs, offsetExpr)}` : '');
}

function printAt(at: AtModifier): string {
  if (at === undefined) return '';
  return typeof at === 'number' ? ` @ ${(at / 1000).toFixed(3)}` : ` @ ${at}()`;
}

function printDuration(ms: number, expr: DurationExpr | undefined): string {
  return expr ? printDurationExpr(expr) : formatDuration(ms);
}

function printDurationExpr(expr: DurationExpr): string {
  switch (expr.kind) {
    case 'number':
      return printExpr(expr);
    case 'durationParen':
      return `(${printDurationExpr(expr.operand)})`;
    case 'durationUnary':
      return expr.operator + printDurationExpr(expr.operand);
    case 'durationCall':
      return `${expr.name}(${expr.args.map(printDurationExpr).join(', ')})`;
    case 'durationBinary':
      return `${printDurationExpr(expr.left)} ${expr.operator} ${printDurationExpr(expr.right)}`;
  }
}
