// What may follow an expression: a range or a subquery in brackets, `offset`, and `@`.

import type {
  DurationExpr,
  Expr,
  ExtendedModifier,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  VectorSelector,
} from '../ast.ts';
import { syntaxError } from '../errors.ts';
import { formatGeneral } from '../format.ts';
import { type DurationPlace, parseDurationExpression, parseOffsetDuration } from './duration-expression.ts';
import { toMilliseconds } from './durations.ts';
import { parseNumberToken } from './grouping.ts';
import type { TokenStream } from './token-stream.ts';

const numberOrCall = 'number, duration, step(), or range()';
const rangePlace: DurationPlace = { context: 'subquery or range selector', expected: numberOrCall };
const stepPlace: DurationPlace = {
  context: 'subquery selector',
  expected: 'number, duration, step(), range(), or "]"',
};
const offsetPlace: DurationPlace = { context: 'offset', expected: numberOrCall };

/** Milliseconds of a literal; 0 and the expression itself when it has to be computed for each query. */
function resolve(duration: DurationExpr): [ms: number, expr: DurationExpr | undefined] {
  return duration.kind === 'number' ? [toMilliseconds(duration.value), undefined] : [0, duration];
}

export function parseRange(tokens: TokenStream, expr: Expr): MatrixSelector | Subquery {
  const bracket = tokens.take();
  const range = parsePositive(tokens, rangePlace);
  const [rangeMs, rangeExpr] = resolve(range);
  if (tokens.accept(':')) return parseSubquery(tokens, expr, rangeMs, rangeExpr);
  if (!tokens.accept(']')) throw tokens.unexpected('subquery or range', '":" or "]"');
  const problem = rangeProblem(expr);
  if (problem !== undefined) throw syntaxError(problem, bracket.start, tokens.lastEnd);
  const selector = expr as VectorSelector;
  return { kind: 'matrixSelector', selector, rangeMs, rangeExpr, start: expr.start, end: tokens.lastEnd };
}

function rangeProblem(expr: Expr): string | undefined {
  if (expr.kind !== 'vectorSelector') return 'ranges only allowed for vector selectors';
  if (expr.offsetMs !== 0 || expr.offsetExpr) return 'no offset modifiers allowed before range';
  if (expr.at !== undefined) return 'no @ modifiers allowed before range';
  return undefined;
}

function parseSubquery(
  tokens: TokenStream,
  expr: Expr,
  rangeMs: number,
  rangeExpr: DurationExpr | undefined,
): Subquery {
  let stepMs: number | undefined;
  let stepExpr: DurationExpr | undefined;
  if (!tokens.accept(']')) {
    [stepMs, stepExpr] = resolve(parsePositive(tokens, stepPlace));
    if (!tokens.accept(']')) throw tokens.unexpected('subquery selector', '"]"');
  }
  return {
    kind: 'subquery',
    expr,
    rangeMs,
    rangeExpr,
    stepMs,
    stepExpr,
    offsetMs: 0,
    offsetExpr: undefined,
    at: undefined,
    start: expr.start,
    end: tokens.lastEnd,
  };
}

function parsePositive(tokens: TokenStream, place: DurationPlace): DurationExpr {
  const duration = parseDurationExpression(tokens, place);
  if (duration.kind === 'number' && duration.value <= 0) throw notPositive(duration);
  return duration;
}

function notPositive(duration: NumberLiteral) {
  return syntaxError('duration must be greater than 0', duration.start, duration.end);
}

export function parseOffset(tokens: TokenStream, expr: Expr): Expr {
  tokens.take();
  const [offsetMs, offsetExpr] = resolve(parseOffsetDuration(tokens, offsetPlace));
  const end = tokens.lastEnd;
  const target = expr.kind === 'matrixSelector' ? expr.selector : expr;
  if (target.kind !== 'vectorSelector' && target.kind !== 'subquery') {
    throw syntaxError(
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      expr.start,
      expr.end,
    );
  }
  if (target.offsetMs !== 0 || target.offsetExpr) {
    throw syntaxError('offset may not be set multiple times', expr.start, expr.end);
  }
  const modified = { ...target, offsetMs, offsetExpr };
  if (expr.kind === 'matrixSelector') return { ...expr, selector: modified as VectorSelector, end };
  return { ...modified, end };
}

/** `anchored` and `smoothed`, after a selector or its range. */
export function parseExtended(tokens: TokenStream, expr: Expr): Expr {
  const extended = tokens.take().kind as ExtendedModifier;
  const fail = (problem: string) => syntaxError(problem, expr.start, expr.end);
  if (!tokens.features.has('promql-extended-range-selectors')) {
    throw fail(`${extended} modifier is experimental and not enabled`);
  }
  if (expr.kind === 'subquery') throw fail(`${extended} modifier is not supported for subqueries`);
  if (expr.kind !== 'vectorSelector' && expr.kind !== 'matrixSelector') {
    throw fail(`${extended} modifier not implemented`);
  }
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr;
  if (selector.extended && selector.extended !== extended) {
    throw fail('anchored and smoothed modifiers cannot be used together');
  }
  if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...selector, extended } };
  return { ...expr, extended };
}

export function parseAt(tokens: TokenStream, expr: Expr): Expr {
  tokens.take();
  const at = parseAtTime(tokens, expr);
  const end = tokens.lastEnd;
  const target = expr.kind === 'matrixSelector' ? expr.selector : expr;
  if (target.kind !== 'vectorSelector' && target.kind !== 'subquery') {
    throw syntaxError(
      '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery',
      expr.start,
      expr.end,
    );
  }
  if (target.at !== undefined) {
    throw syntaxError('@ <timestamp> may not be set multiple times', expr.start, expr.end);
  }
  if (expr.kind === 'matrixSelector') return { ...expr, selector: { ...expr.selector, at }, end };
  return { ...target, at, end };
}

/** Seconds that still fit Prometheus's 64-bit milliseconds. */
const atSecondsMax = 2 ** 63;

function parseAtTime(tokens: TokenStream, expr: Expr): number | 'start' | 'end' {
  const word = tokens.accept('start') ?? tokens.accept('end');
  if (word) {
    if (!tokens.accept('(') || !tokens.accept(')')) throw tokens.unexpected('@', 'timestamp');
    return word.kind as 'start' | 'end';
  }
  const sign = tokens.accept('-') ?? tokens.accept('+');
  const magnitude = parseNumberToken(tokens);
  if (magnitude === undefined) throw tokens.unexpected('@', 'timestamp');
  const seconds = sign?.kind === '-' ? -magnitude : magnitude;
  if (!Number.isFinite(seconds) || seconds >= atSecondsMax || seconds <= -atSecondsMax) {
    const shown = Number.isFinite(seconds) ? `${BigInt(seconds)}.000000` : formatGeneral(seconds);
    throw syntaxError(`timestamp out of bounds for @ modifier: ${shown}`, expr.start, expr.end);
  }
  return toMilliseconds(seconds);
}
