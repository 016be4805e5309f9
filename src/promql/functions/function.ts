// What every function is given and what it returns. Arguments are evaluated before the call.

import type { SumOf } from '../aggregate/aggregate.ts';
import type { Call } from '../ast.ts';
import { unwrapParens } from '../ast.ts';
import type { QueryContext } from '../query-context.ts';
import type { Grid, MatrixValue, Series, Value, VectorValue } from '../values.ts';

export interface FunctionInput {
  readonly call: Call;
  readonly args: readonly Value[];
  readonly context: QueryContext;
  /** The steps at which this call is evaluated: inside a subquery they are the subquery's. */
  readonly grid: Grid;
  /** The steps of the whole query. */
  readonly query: Grid;
}

export interface FunctionImplementation {
  (input: FunctionInput): Value;
  /** The results one by one, where the function can make them so; see range-function.ts. */
  each?(input: FunctionInput, fleeting: boolean, sumOf?: SumOf): Iterable<Series>;
}

/** The instant vector at this position; the type checker has made sure that it is one. */
export function vectorArgument({ args }: FunctionInput, position = 0): VectorValue {
  return args[position] as VectorValue;
}

export function matrixArgument({ args }: FunctionInput): MatrixValue {
  return args.find((arg) => arg.kind === 'matrix') as MatrixValue;
}

/** A scalar argument: one value a step. */
export function scalarArgument({ args }: FunctionInput, position: number): Float64Array {
  return (args[position] as Extract<Value, { kind: 'scalar' }>).values;
}

export function stringArgument({ args }: FunctionInput, position: number): string {
  return (args[position] as Extract<Value, { kind: 'string' }>).value;
}

/** Where an annotation about an argument points. */
export function argumentStart({ call }: FunctionInput, position: number): number {
  return unwrapParens(call.args[position]!).start;
}
