// Operators with their ranks: what binds closer has the higher one.

import {
  ExpressionError,
  type ExpressionValue,
  isEqual,
  kindOf,
  listOf,
  numberOf,
  stringOf,
} from './value.ts';

interface Scope {
  readonly values: Readonly<Record<string, ExpressionValue>>;
  /** `#`: the element that a predicate is asked of. */
  readonly element?: ExpressionValue;
}

export type Node = (scope: Scope) => ExpressionValue;

export interface Operator {
  readonly rank: number;
  readonly rightFirst?: boolean;
  readonly build: (left: Node, right: Node) => Node;
}

const of =
  (operate: (left: ExpressionValue, right: ExpressionValue) => ExpressionValue) =>
  (left: Node, right: Node): Node =>
  (scope) =>
    operate(left(scope), right(scope));

const arithmetic = (name: string, operate: (left: number, right: number) => number) =>
  of((left, right) => operate(numberOf(left, name), numberOf(right, name)));

const ordered = (name: string, operate: (left: number | string, right: number | string) => boolean) =>
  of((left, right) => {
    const comparable = typeof left === typeof right && (typeof left === 'number' || typeof left === 'string');
    if (!comparable) throw new ExpressionError(`${kindOf(left)} ${name} ${kindOf(right)} cannot be compared`);
    return operate(left as number, right as number);
  });

const textual = (name: string, operate: (left: string, right: string) => boolean) =>
  of((left, right) => operate(stringOf(left, name), stringOf(right, name)));

const or: Operator = {
  rank: 10,
  build: (left, right) => (scope) => left(scope) === true || right(scope) === true,
};
const and: Operator = {
  rank: 15,
  build: (left, right) => (scope) => left(scope) === true && right(scope) === true,
};
const power: Operator = {
  rank: 100,
  rightFirst: true,
  build: arithmetic('**', (left, right) => left ** right),
};

export const operators: Readonly<Record<string, Operator>> = {
  '||': or,
  or,
  '&&': and,
  and,
  '==': { rank: 20, build: of((left, right) => isEqual(left, right)) },
  '!=': { rank: 20, build: of((left, right) => !isEqual(left, right)) },
  '<': { rank: 20, build: ordered('<', (left, right) => left < right) },
  '<=': { rank: 20, build: ordered('<=', (left, right) => left <= right) },
  '>': { rank: 20, build: ordered('>', (left, right) => left > right) },
  '>=': { rank: 20, build: ordered('>=', (left, right) => left >= right) },
  in: { rank: 20, build: of((left, right) => listOf(right, 'in').some((value) => isEqual(left, value))) },
  contains: { rank: 20, build: textual('contains', (left, right) => left.includes(right)) },
  startsWith: { rank: 20, build: textual('startsWith', (left, right) => left.startsWith(right)) },
  endsWith: { rank: 20, build: textual('endsWith', (left, right) => left.endsWith(right)) },
  '+': {
    rank: 30,
    build: of((left, right) =>
      typeof left === 'string' && typeof right === 'string'
        ? left + right
        : numberOf(left, '+') + numberOf(right, '+'),
    ),
  },
  '-': { rank: 30, build: arithmetic('-', (left, right) => left - right) },
  '*': { rank: 60, build: arithmetic('*', (left, right) => left * right) },
  '/': { rank: 60, build: arithmetic('/', (left, right) => left / right) },
  '%': { rank: 60, build: arithmetic('%', (left, right) => left % right) },
  '**': power,
  '^': power,
  '??': { rank: 500, build: (left, right) => (scope) => left(scope) ?? right(scope) },
};

export const notRank = 50;
export const signRank = 90;
