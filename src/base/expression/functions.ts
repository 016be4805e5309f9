// Functions of the language, and its questions about each element of a list.

import { ExpressionError, type ExpressionValue, listOf, numberOf, numbersOf } from './value.ts';

export type ExpressionFunctions = Readonly<
  Record<
    string,
    { readonly arity: number; readonly of: (...values: readonly ExpressionValue[]) => ExpressionValue }
  >
>;

/** Asked of each element of a list; the first argument is the list, the second the question. */
export const predicates: Readonly<
  Record<
    string,
    (list: readonly ExpressionValue[], holds: (value: ExpressionValue) => ExpressionValue) => ExpressionValue
  >
> = {
  all: (list, holds) => list.every((value) => holds(value) === true),
  any: (list, holds) => list.some((value) => holds(value) === true),
  none: (list, holds) => !list.some((value) => holds(value) === true),
  one: (list, holds) => list.filter((value) => holds(value) === true).length === 1,
  count: (list, holds) => list.filter((value) => holds(value) === true).length,
  filter: (list, holds) => list.filter((value) => holds(value) === true),
  map: (list, holds) => list.map(holds),
};

export const functions: ExpressionFunctions = {
  len: {
    arity: 1,
    of: (value) => (typeof value === 'string' ? [...value].length : listOf(value!, 'len').length),
  },
  abs: { arity: 1, of: (value) => Math.abs(numberOf(value!, 'abs')) },
  ceil: { arity: 1, of: (value) => Math.ceil(numberOf(value!, 'ceil')) },
  floor: { arity: 1, of: (value) => Math.floor(numberOf(value!, 'floor')) },
  round: { arity: 1, of: (value) => Math.round(numberOf(value!, 'round')) },
  sum: { arity: 1, of: (value) => numbersOf(value!, 'sum').reduce((sum, each) => sum + each, 0) },
  mean: { arity: 1, of: (value) => mean(numbersOf(value!, 'mean')) },
  min: { arity: 1, of: (value) => extreme(numbersOf(value!, 'min'), Math.min) },
  max: { arity: 1, of: (value) => extreme(numbersOf(value!, 'max'), Math.max) },
};

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length;
}

function extreme(values: readonly number[], of: (...values: number[]) => number): number {
  if (values.length === 0) throw new ExpressionError('an empty list has no least or greatest value');
  return of(...values);
}
