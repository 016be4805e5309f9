// The type checker. It walks operands before the node that uses them and stops at the first mistake, which is the one
// that Prometheus reports.

import {
  type Binary,
  type Call,
  type Expr,
  isComparison,
  isSetOperator,
  typeOf,
  type ValueType,
} from './ast.ts';
import { typeError } from './errors.ts';
import { signatureOf } from './functions/signatures.ts';
import { quote } from './syntax/quote.ts';

const typeNames: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
};

/** Throws a ParseFailure at the first expression whose type does not fit; `text` is the expression's source. */
export function checkTypes(expr: Expr, text: string): void {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return;
    case 'vectorSelector':
      checkSelector(expr);
      break;
    case 'matrixSelector':
      checkSelector(expr.selector);
      break;
    case 'paren':
      checkTypes(expr.expr, text);
      break;
    case 'unary':
      checkUnary(expr, text);
      break;
    case 'subquery':
      checkSubquery(expr, text);
      break;
    case 'aggregate':
      checkAggregate(expr, text);
      break;
    case 'call':
      checkCall(expr, text);
      break;
    case 'binary':
      checkBinary(expr, text);
      break;
  }
}

function checkSelector(selector: Extract<Expr, { kind: 'vectorSelector' }>): void {
  const { name, matchers, start, end } = selector;
  if (name === '') {
    if (matchers.some((matcher) => !matcher.matches(''))) return;
    throw typeError('vector selector must contain at least one non-empty matcher', start, end);
  }
  const second = matchers.slice(0, -1).find((matcher) => matcher.name === '__name__');
  if (!second) return;
  const message = `metric name must not be set twice: ${quote(name)} or ${quote(second.value)}`;
  throw typeError(message, start, end);
}

function checkUnary(expr: Extract<Expr, { kind: 'unary' }>, text: string): void {
  checkTypes(expr.expr, text);
  const type = typeOf(expr.expr);
  if (type === 'scalar' || type === 'vector') return;
  const message = `unary expression only allowed on expressions of type scalar or instant vector, got ${quote(typeNames[type])}`;
  throw typeError(message, expr.start, expr.end);
}

function checkSubquery(expr: Extract<Expr, { kind: 'subquery' }>, text: string): void {
  checkTypes(expr.expr, text);
  const type = typeOf(expr.expr);
  if (type === 'vector') return;
  throw typeError(`subquery is only allowed on instant vector, got ${type} instead`, expr.start, expr.end);
}

function checkAggregate(expr: Extract<Expr, { kind: 'aggregate' }>, text: string): void {
  expectType(expr.expr, 'vector', 'aggregation expression', text);
  if (!expr.parameter) return;
  const wanted = expr.operator === 'count_values' ? 'string' : 'scalar';
  expectType(expr.parameter, wanted, 'aggregation parameter', text);
}

function expectType(expr: Expr, wanted: ValueType, context: string, text: string): void {
  checkTypes(expr, text);
  const type = typeOf(expr);
  if (type === wanted) return;
  const message = `expected type ${typeNames[wanted]} in ${context}, got ${typeNames[type]}`;
  throw typeError(message, expr.start, expr.end);
}

function checkCall(call: Call, text: string): void {
  const { args: types, variadic } = signatureOf(call.name)!;
  const fail = (quantity: string) => {
    const message = `expected ${quantity} argument(s) in call to ${quote(call.name)}, got ${call.args.length}`;
    throw typeError(message, call.start, call.end);
  };
  const required = variadic === 0 ? types.length : types.length - 1;
  if (variadic === 0 && call.args.length !== required) fail(String(required));
  if (call.args.length < required) fail(`at least ${required}`);
  if (call.args.length > required + variadic) fail(`at most ${required + variadic}`);
  if (call.name === 'info' && call.args[1]) checkInfoMatchers(call, call.args[1]);
  call.args.forEach((arg, i) => {
    if (call.name === 'info' && i === 1) return;
    expectType(arg, types[Math.min(i, types.length - 1)]!, `call to function ${quote(call.name)}`, text);
  });
}

/** Matchers in the form of a selector without a name; they need not exclude anything. */
function checkInfoMatchers(call: Call, argument: Expr): void {
  const type = typeOf(argument);
  if (type !== 'vector') {
    const message = `expected type ${typeNames.vector} in call to function ${quote(call.name)}, got ${typeNames[type]}`;
    throw typeError(message, call.start, call.end);
  }
  if (argument.kind !== 'vectorSelector') {
    throw typeError('expected label selectors only', argument.start, argument.end);
  }
  if (argument.name === '') return;
  const message = 'expected label selectors only, got vector selector instead';
  throw typeError(message, argument.start, argument.end);
}

function checkBinary(expr: Binary, text: string): void {
  const { operator, left, right, bool, matching, start, end } = expr;
  checkTypes(left, text);
  checkTypes(right, text);
  const leftType = typeOf(left);
  const rightType = typeOf(right);
  const place = operatorPlace(expr, text);
  if (bool && !isComparison(operator)) {
    throw typeError('bool modifier can only be used on comparison operators', place.start, place.end);
  }
  if (isComparison(operator) && !bool && leftType === 'scalar' && rightType === 'scalar') {
    throw typeError('comparisons between scalars must use BOOL modifier', place.start, place.end);
  }
  const twice = matching.on ? matching.labels.find((label) => matching.include.includes(label)) : undefined;
  if (twice !== undefined) {
    const message = `label ${quote(twice)} must not occur in ON and GROUP clause at once`;
    throw typeError(message, place.start, place.end);
  }
  for (const [side, type] of [[left, leftType] as const, [right, rightType] as const]) {
    if (type === 'scalar' || type === 'vector') continue;
    throw typeError(
      'binary expression must contain only scalar and instant vector types',
      side.start,
      side.end,
    );
  }
  const problem = matchingProblem(expr, leftType === 'vector' && rightType === 'vector');
  if (problem !== undefined) throw typeError(problem, start, end);
}

function matchingProblem({ operator, matching }: Binary, betweenVectors: boolean): string | undefined {
  const fills = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (!betweenVectors) {
    if (matching.labels.length > 0) return 'vector matching only allowed between instant vectors';
    if (fills) return 'filling in missing series only allowed between instant vectors';
    if (isSetOperator(operator)) {
      return `set operator ${quote(operator)} not allowed in binary scalar expression`;
    }
    return undefined;
  }
  if (!isSetOperator(operator)) return undefined;
  if (matching.card !== 'one-to-one') return `no grouping allowed for ${quote(operator)} operation`;
  return fills ? 'filling in missing series not allowed for set operators' : undefined;
}

/** The operator with its modifiers: what stands between the operands, without the space around it. */
function operatorPlace({ left, right }: Binary, text: string): { start: number; end: number } {
  const between = text.slice(left.end, right.start);
  const start = left.end + (between.length - between.trimStart().length);
  return { start, end: start + between.trim().length };
}
