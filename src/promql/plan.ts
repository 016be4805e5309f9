// What is fixed before the first sample is read: duration arithmetic and `@ start()` get their values from the query's
// times, and the parts that cannot change from step to step are found.

import type { AtModifier, DurationExpr, Expr, TimeModifiers } from './ast.ts';
import { unwrapParens } from './ast.ts';
import { maxOf, minOf, power } from './binary/operators.ts';
import { queryError } from './errors.ts';
import { isOutOfRange } from './syntax/durations.ts';
import type { Grid } from './values.ts';

/** The expression with every duration and every `@` as a number. */
export function planExpr(expr: Expr, query: Grid): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr;
    case 'vectorSelector':
      return planTime(expr, query);
    case 'matrixSelector': {
      const rangeMs = planDuration(expr.rangeMs, expr.rangeExpr, query);
      return { ...expr, selector: planTime(expr.selector, query), rangeMs, rangeExpr: undefined };
    }
    case 'subquery': {
      const rangeMs = planDuration(expr.rangeMs, expr.rangeExpr, query);
      const stepMs = expr.stepMs === undefined ? undefined : planDuration(expr.stepMs, expr.stepExpr, query);
      const planned = { ...expr, expr: planExpr(expr.expr, query), rangeMs, stepMs };
      return planTime({ ...planned, rangeExpr: undefined, stepExpr: undefined }, query);
    }
    case 'call':
      return { ...expr, args: expr.args.map((arg) => planExpr(arg, query)) };
    case 'aggregate': {
      const parameter = expr.parameter && planExpr(expr.parameter, query);
      return { ...expr, expr: planExpr(expr.expr, query), parameter };
    }
    case 'binary':
      return { ...expr, left: planExpr(expr.left, query), right: planExpr(expr.right, query) };
    case 'unary':
    case 'paren':
      return { ...expr, expr: planExpr(expr.expr, query) };
  }
}

function planTime<T extends TimeModifiers>(node: T, query: Grid): T {
  const offsetMs = node.offsetExpr ? milliseconds(node.offsetExpr, query) : node.offsetMs;
  return { ...node, offsetMs, offsetExpr: undefined, at: planAt(node.at, query) };
}

function planAt(at: AtModifier, query: Grid): AtModifier {
  if (at === 'start') return query.startMs;
  return at === 'end' ? query.startMs + spanMs(query) : at;
}

function spanMs({ stepMs, steps }: Grid): number {
  return (steps - 1) * stepMs;
}

function planDuration(ms: number, expr: DurationExpr | undefined, query: Grid): number {
  if (!expr) return ms;
  const planned = milliseconds(expr, query);
  if (planned <= 0) throw queryError(`${expr.start}:${expr.end}: duration must be greater than 0`);
  return planned;
}

function milliseconds(expr: DurationExpr, query: Grid): number {
  const seconds = evaluateDuration(expr, query);
  if (!Number.isFinite(seconds)) throw queryError(`${expr.start}:${expr.end}: duration is NaN or infinite`);
  if (isOutOfRange(seconds)) throw queryError(`${expr.start}:${expr.end}: duration is out of range`);
  return Math.trunc(seconds * 1000);
}

function evaluateDuration(expr: DurationExpr, query: Grid): number {
  switch (expr.kind) {
    case 'number':
      return expr.value;
    case 'durationParen':
      return evaluateDuration(expr.operand, query);
    case 'durationUnary': {
      const value = evaluateDuration(expr.operand, query);
      return expr.operator === '-' ? -value : value;
    }
    case 'durationCall': {
      if (expr.name === 'step') return query.steps > 1 ? query.stepMs / 1000 : 0;
      if (expr.name === 'range') return spanMs(query) / 1000;
      const [left, right] = expr.args.map((arg) => evaluateDuration(arg, query));
      return expr.name === 'min_of' ? minOf(left!, right!) : maxOf(left!, right!);
    }
    case 'durationBinary': {
      const left = evaluateDuration(expr.left, query);
      const right = evaluateDuration(expr.right, query);
      return durationArithmetic(expr, left, right);
    }
  }
}

function durationArithmetic(
  expr: Extract<DurationExpr, { kind: 'durationBinary' }>,
  left: number,
  right: number,
): number {
  const place = `${expr.start}:${expr.end}`;
  switch (expr.operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (right === 0) throw queryError(`${place}: division by zero`);
      return left / right;
    case '%':
      if (right === 0) throw queryError(`${place}: modulo by zero`);
      return left % right;
    case '^':
      return power(left, right);
  }
}

/** Functions whose result depends on the evaluation time even where their arguments do not. */
export const timeDependentFunctions: ReadonlySet<string> = new Set([
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'days_in_month',
  'end',
  'hour',
  'minute',
  'month',
  'predict_linear',
  'range',
  'start',
  'step',
  'time',
  'timestamp',
  'year',
]);

/** Parts of a planned expression that yield the same at every step: they are evaluated once. */
export class StepInvariance {
  readonly #known = new WeakMap<Expr, boolean>();

  holds(expr: Expr): boolean {
    let known = this.#known.get(expr);
    if (known === undefined) {
      known = this.#decide(expr);
      this.#known.set(expr, known);
    }
    return known;
  }

  #decide(expr: Expr): boolean {
    switch (expr.kind) {
      case 'number':
      case 'string':
        return true;
      case 'vectorSelector':
      case 'subquery':
        return expr.at !== undefined;
      case 'matrixSelector':
        return expr.selector.at !== undefined;
      case 'aggregate':
        return this.holds(expr.expr) && (!expr.parameter || this.holds(expr.parameter));
      case 'binary':
        return this.holds(expr.left) && this.holds(expr.right);
      case 'unary':
      case 'paren':
        return this.holds(expr.expr);
      case 'call':
        return this.#callIsInvariant(expr.name, expr.args);
    }
  }

  #callIsInvariant(name: string, args: readonly Expr[]): boolean {
    if (!args.every((arg) => this.holds(arg))) return false;
    if (!timeDependentFunctions.has(name)) return true;
    // The samples of a selector keep their own times, those of other vectors do not.
    return name === 'timestamp' && unwrapParens(args[0]!).kind === 'vectorSelector';
  }
}
