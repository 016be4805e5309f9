// Values of expressions, and what is wrong with one where it is used.

export type ExpressionValue = number | string | boolean | null | readonly ExpressionValue[];

/** An index outside the list, a comparison of a text with a number, and the like. */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExpressionError';
  }
}

/** From the end when negative, as the language counts. */
export function elementOf(list: readonly ExpressionValue[], index: number): ExpressionValue {
  const element = list.at(index);
  if (element === undefined || !Number.isInteger(index))
    throw new ExpressionError(`there is no element ${index} in a list of ${list.length}`);
  return element;
}

export function isEqual(left: ExpressionValue, right: ExpressionValue): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  return left.length === right.length && left.every((value, index) => isEqual(value, right[index]));
}

export function numberOf(value: ExpressionValue, user: string): number {
  if (typeof value === 'number') return value;
  throw new ExpressionError(`${user} needs a number and has ${kindOf(value)}`);
}

export function numbersOf(value: ExpressionValue, user: string): readonly number[] {
  return listOf(value, user).map((each) => numberOf(each, user));
}

export function stringOf(value: ExpressionValue, user: string): string {
  if (typeof value === 'string') return value;
  throw new ExpressionError(`${user} needs a text and has ${kindOf(value)}`);
}

export function listOf(value: ExpressionValue, user: string): readonly ExpressionValue[] {
  if (Array.isArray(value)) return value;
  throw new ExpressionError(`${user} needs a list and has ${kindOf(value)}`);
}

export function kindOf(value: ExpressionValue): string {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
