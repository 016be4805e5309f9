// Walks a planned expression and hands each node's evaluated operands to the operator that it names. All operators
// work on whole columns, one slot a step; nothing here loops over steps.

import { aggregate, isFold, type SumOf } from './aggregate/aggregate.ts';
import type { Binary, Call, Expr, Subquery, TimeModifiers, Unary } from './ast.ts';
import { isSetOperator, unwrapParens } from './ast.ts';
import { scalarOperator } from './binary/operators.ts';
import { setOperation } from './binary/set.ts';
import { vectorScalar } from './binary/vector-scalar.ts';
import { vectorVector } from './binary/vector-vector.ts';
import { withDroppedNames } from './duplicates.ts';
import { queryError } from './errors.ts';
import type { FunctionInput } from './functions/function.ts';
import { implementationOf } from './functions/table.ts';
import { multiply } from './native/arithmetic.ts';
import type { StepInvariance } from './plan.ts';
import type { QueryContext } from './query-context.ts';
import { selectInstant } from './select/instant.ts';
import { selectRange } from './select/range.ts';
import { selectSmoothed } from './select/smoothed.ts';
import { subqueryGrid, windowSubquery } from './select/subquery.ts';
import type { Moments } from './select/windows.ts';
import { quote } from './syntax/quote.ts';
import {
  countPresent,
  type Grid,
  histogramWeight,
  type Series,
  scalar,
  type Value,
  type VectorValue,
  vector,
} from './values.ts';

export class Evaluator {
  readonly #context: QueryContext;
  readonly #query: Grid;
  readonly #invariance: StepInvariance;

  constructor(context: QueryContext, query: Grid, invariance: StepInvariance) {
    this.#context = context;
    this.#query = query;
    this.#invariance = invariance;
  }

  evaluate(expr: Expr, grid: Grid): Value {
    this.#context.interrupt.spend(grid.steps);
    const before = this.#context.budget.held;
    const isOnce = this.#isOnceEnough(expr, grid);
    const read = this.#context.budget.read;
    const value = isOnce
      ? spread(this.#node(expr, { ...grid, steps: 1 }), grid.steps)
      : this.#node(expr, grid);
    // What is read once counts for every step.
    if (isOnce) this.#context.budget.countRead((this.#context.budget.read - read) * (grid.steps - 1));
    // What a range vector was made of is still held; the function that takes it settles.
    if (value.kind !== 'matrix') this.#context.budget.settle(before, samplesIn(value));
    return value;
  }

  /** A range vector's windows belong to the outer steps, and constants are cheap: neither is worth it. */
  #isOnceEnough(expr: Expr, grid: Grid): boolean {
    if (grid.steps === 1 || expr.kind === 'number' || expr.kind === 'string') return false;
    const inner = unwrapParens(expr);
    if (inner.kind === 'matrixSelector' || inner.kind === 'subquery') return false;
    return this.#invariance.holds(expr);
  }

  #node(expr: Expr, grid: Grid): Value {
    switch (expr.kind) {
      case 'number':
        return scalar(new Float64Array(grid.steps).fill(expr.value));
      case 'string':
        return { kind: 'string', value: expr.value };
      case 'paren':
        return this.evaluate(expr.expr, grid);
      case 'vectorSelector':
        return expr.extended === 'smoothed'
          ? selectSmoothed(this.#context, expr, moments(expr, grid))
          : selectInstant(this.#context, expr, moments(expr, grid));
      case 'matrixSelector':
        return selectRange(this.#context, expr, moments(expr.selector, grid));
      case 'subquery':
        return this.#subquery(expr, grid);
      case 'call':
        return this.#call(expr, grid);
      case 'aggregate':
        return aggregate({
          node: expr,
          parameter: expr.parameter && this.evaluate(expr.parameter, grid),
          argument: (sumOf) => this.#series(expr.expr, grid, isFold(expr), sumOf),
          context: this.#context,
          steps: grid.steps,
        });
      case 'unary':
        return this.#unary(expr, grid);
      case 'binary':
        return this.#binary(expr, grid);
    }
  }

  #vector(expr: Expr, grid: Grid): VectorValue {
    const value = this.evaluate(expr, grid);
    if (value.kind !== 'vector') throw new Error(`expected an instant vector, got ${value.kind}`);
    return value;
  }

  /** The series of a vector; where a function can make them one by one, they never all exist at once. */
  #series(expr: Expr, grid: Grid, fleeting: boolean, sumOf?: SumOf): Iterable<Series> {
    const inner = unwrapParens(expr);
    if (inner.kind !== 'call' || this.#isOnceEnough(inner, grid)) return this.#vector(expr, grid).series;
    const { each } = implementationOf(inner.name);
    return each ? each(this.#input(inner, grid), fleeting, sumOf) : this.#vector(expr, grid).series;
  }

  #subquery(node: Subquery, grid: Grid): Value {
    const outer = moments(node, grid);
    const inner = subqueryGrid(node, outer, node.stepMs ?? this.#context.defaultSubqueryStepMs);
    if (!inner) return { kind: 'matrix', rangeMs: node.rangeMs, series: [] };
    return windowSubquery(this.#context, node, this.#vector(node.expr, inner), inner, outer);
  }

  #call(call: Call, grid: Grid): Value {
    return implementationOf(call.name)(this.#input(call, grid));
  }

  /** The call with its arguments evaluated. */
  #input(call: Call, grid: Grid): FunctionInput {
    checkExtended(call);
    // The second argument of info() is matchers in the form of a selector.
    const operands = call.name === 'info' ? call.args.slice(0, 1) : call.args;
    const args = operands.map((arg) => {
      const inner = unwrapParens(arg);
      const wanted = selectorWants[call.name];
      if (!wanted || inner.kind !== 'vectorSelector') return this.evaluate(arg, grid);
      return selectInstant(this.#context, inner, moments(inner, grid), wanted);
    });
    return { call, args, context: this.#context, grid, query: this.#query };
  }

  #unary({ operator, expr }: Unary, grid: Grid): Value {
    const value = this.evaluate(expr, grid);
    if (operator === '+') return value;
    if (value.kind === 'scalar') return scalar(value.values.map((one) => -one));
    if (value.kind !== 'vector') throw new Error(`cannot negate a ${value.kind}`);
    const negated = value.series.map(
      (one): Series => ({
        ...one,
        values: one.values.map((slot) => -slot),
        histograms: one.histograms?.map((histogram) => histogram && multiply(histogram, -1)),
      }),
    );
    return vector(withDroppedNames(this.#context, negated));
  }

  #binary(node: Binary, grid: Grid): Value {
    const left = this.evaluate(node.left, grid);
    const right = this.evaluate(node.right, grid);
    if (left.kind === 'scalar' && right.kind === 'scalar') {
      const compute = scalarOperator(node.operator);
      if (!compute) throw queryError(`operator ${quote(node.operator)} not allowed for Scalar operations`);
      return scalar(left.values.map((value, i) => compute(value, right.values[i]!)));
    }
    if (left.kind === 'vector' && right.kind === 'scalar') {
      return vectorScalar(this.#context, node, left, right.values, false);
    }
    if (left.kind === 'scalar' && right.kind === 'vector') {
      return vectorScalar(this.#context, node, right, left.values, true);
    }
    if (left.kind !== 'vector' || right.kind !== 'vector') {
      throw new Error(`no operator between ${left.kind} and ${right.kind}`);
    }
    if (isSetOperator(node.operator)) return setOperation(this.#context, node, left, right, grid.steps);
    return vectorVector(this.#context, node, left, right, grid.steps);
  }
}

/** Functions that ask a selector for something else than the values of its samples. */
const selectorWants: Readonly<Record<string, 'time' | 'start'>> = {
  timestamp: 'time',
  start_timestamp: 'start',
};

const functionsFor = {
  anchored: ['changes', 'delta', 'increase', 'rate', 'resets'],
  smoothed: ['delta', 'increase', 'rate'],
};

/** Only functions that know what lies around a range may be given that. */
function checkExtended({ name, args }: Call): void {
  for (const arg of args) {
    const inner = unwrapParens(arg);
    const modifier = inner.kind === 'matrixSelector' ? inner.selector.extended : undefined;
    if (!modifier || functionsFor[modifier].includes(name)) continue;
    const allowed = functionsFor[modifier].join(', ');
    throw queryError(`${modifier} modifier can only be used with: ${allowed} - not with ${name}`);
  }
}

function moments({ offsetMs, at }: TimeModifiers, grid: Grid): Moments {
  // The plan has replaced start() and end().
  return { grid, offsetMs, atMs: typeof at === 'number' ? at : undefined };
}

/** The same value at every step. */
function spread(value: Value, steps: number): Value {
  if (value.kind === 'scalar') return scalar(new Float64Array(steps).fill(value.values[0]!));
  if (value.kind !== 'vector') return value;
  return vector(
    value.series.map(
      (one): Series => ({
        ...one,
        values: new Float64Array(steps).fill(one.values[0]!),
        presence: new Uint8Array(steps).fill(one.presence[0]!),
        histograms: one.histograms && new Array(steps).fill(one.histograms[0]),
      }),
    ),
  );
}

function samplesIn(value: Value): number {
  if (value.kind !== 'vector') return 0;
  return value.series.reduce((sum, { presence, histograms }) => {
    const weights = histograms?.reduce((all, one) => (one ? all + histogramWeight(one) : all), 0);
    return sum + countPresent(presence) + (weights ?? 0);
  }, 0);
}
