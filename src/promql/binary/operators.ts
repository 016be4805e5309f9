// What each operator does to two numbers, as Go's math package does it.

import type { ArithmeticOperator, BinaryOperator, ComparisonOperator } from '../ast.ts';

type Arithmetic = (left: number, right: number) => number;
type Comparison = (left: number, right: number) => boolean;

export const arithmetic: Readonly<Record<ArithmeticOperator, Arithmetic>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': power,
  atan2: Math.atan2,
};

export const comparison: Readonly<Record<ComparisonOperator, Comparison>> = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

/** Any operator between two scalars; comparisons yield 0 or 1. Undefined for set and trim operators. */
export function scalarOperator(operator: BinaryOperator): Arithmetic | undefined {
  if (operator in arithmetic) return arithmetic[operator as ArithmeticOperator];
  const compare = comparison[operator as ComparisonOperator];
  return compare && ((left, right) => (compare(left, right) ? 1 : 0));
}

/** Unlike JavaScript, IEEE 754 and Go say that 1 to the power of anything is 1, and -1 to an infinite power too. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1;
  return base ** exponent;
}

/** The smaller of two; an infinity wins over NaN, as in Go. */
export function minOf(left: number, right: number): number {
  if (left === Number.NEGATIVE_INFINITY || right === Number.NEGATIVE_INFINITY)
    return Number.NEGATIVE_INFINITY;
  return Math.min(left, right);
}

/** The larger of two; an infinity wins over NaN, as in Go. */
export function maxOf(left: number, right: number): number {
  if (left === Number.POSITIVE_INFINITY || right === Number.POSITIVE_INFINITY)
    return Number.POSITIVE_INFINITY;
  return Math.max(left, right);
}
