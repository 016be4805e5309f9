// Conditions over a few named values: `exitCode == 0 && stdout contains "ready"`, `len(result) > 0 and all(result, # < 0.05)`.
// Operators, their ranks and the functions are those of the expression language of expr-lang.org (as of version 1.16), which Chaos
// Mesh and Argo Rollouts use, without its maps, dates, pipes and text functions. Nothing is turned into another type.

export type ExpressionValue = number | string | boolean | null | readonly ExpressionValue[];

type ExpressionFunction = (...values: readonly ExpressionValue[]) => ExpressionValue;

export interface ExpressionNames {
  readonly values: readonly string[];
  /** Beside those of the language: how many values each takes, and what it gives. */
  readonly functions?: Readonly<Record<string, { readonly arity: number; readonly of: ExpressionFunction }>>;
}

export type ParsedExpression =
  | {
      readonly ok: true;
      /** Throws an `ExpressionError` when the values do not suit what is done with them. */
      readonly evaluate: (values: Readonly<Record<string, ExpressionValue>>) => ExpressionValue;
    }
  | { readonly ok: false; readonly message: string; readonly offset: number };

/** An index outside the list, a comparison of a text with a number, and the like. */
export class ExpressionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExpressionError';
  }
}

interface Scope {
  readonly values: Readonly<Record<string, ExpressionValue>>;
  /** `#`: the element that a predicate is asked of. */
  readonly element?: ExpressionValue;
}

type Node = (scope: Scope) => ExpressionValue;

class Mistake extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

interface Token {
  readonly text: string;
  readonly offset: number;
  readonly value?: number | string;
}

const textMax = 1000;
const depthMax = 100;

export function parseExpression(text: string, names: ExpressionNames): ParsedExpression {
  try {
    if (text.length > textMax) throw new Mistake(`longer than ${textMax} characters`, 0);
    const parser = new Parser(tokens(text), text.length, names);
    const node = parser.whole();
    return { ok: true, evaluate: (values) => node({ values }) };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { ok: false, message: error.message, offset: error.offset };
  }
}

const pattern =
  /\s*(?:(?<number>(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<word>[A-Za-z_]\w*)|(?<sign>&&|\|\||\?\?|\*\*|[=!<>]=|[<>!()[\]{},#?:+\-*/%^]))/y;

function tokens(text: string): Token[] {
  const found: Token[] = [];
  pattern.lastIndex = 0;
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const from = pattern.lastIndex;
    const offset = from + /^\s*/.exec(text.slice(from))![0].length;
    const match = pattern.exec(text);
    if (!match?.groups) throw new Mistake('a character that has no meaning here', offset);
    const { number, string } = match.groups;
    const token = { text: match[0].trim(), offset };
    if (number !== undefined) found.push({ ...token, value: Number(number.replaceAll('_', '')) });
    else if (string !== undefined) found.push({ ...token, value: unquoted(string) });
    else found.push(token);
  }
  return found;
}

function unquoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}

interface Operator {
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

const operators: Readonly<Record<string, Operator>> = {
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

const notRank = 50;
const signRank = 90;

/** Asked of each element of a list; the first argument is the list, the second the question. */
const predicates: Readonly<
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

const functions: NonNullable<ExpressionNames['functions']> = {
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

/** Climbs the ranks of the operators. */
class Parser {
  readonly #tokens: readonly Token[];
  readonly #length: number;
  readonly #names: ExpressionNames;
  #at = 0;
  #depth = 0;
  #inPredicate = false;

  constructor(tokens: readonly Token[], length: number, names: ExpressionNames) {
    this.#tokens = tokens;
    this.#length = length;
    this.#names = names;
  }

  whole(): Node {
    const node = this.#ternary();
    const token = this.#tokens[this.#at];
    if (token) throw new Mistake(`${token.text} is not expected here`, token.offset);
    return node;
  }

  #ternary(): Node {
    const condition = this.#binary(0);
    if (!this.#take('?')) return condition;
    const then = this.#ternary();
    this.#demand(':');
    const otherwise = this.#ternary();
    return (scope) => (condition(scope) === true ? then(scope) : otherwise(scope));
  }

  #binary(rankMin: number): Node {
    let left = this.#unary();
    for (;;) {
      const negated = this.#isAt('not') && this.#tokens[this.#at + 1]?.text === 'in';
      const operator = this.#operator(negated ? 1 : 0);
      if (!operator || operator.rank < rankMin) return left;
      this.#at += negated ? 2 : 1;
      const built = operator.build(
        left,
        this.#binary(operator.rightFirst ? operator.rank : operator.rank + 1),
      );
      left = negated ? (scope) => built(scope) !== true : built;
    }
  }

  #operator(ahead: number): Operator | undefined {
    const token = this.#tokens[this.#at + ahead];
    if (!token || token.value !== undefined || !Object.hasOwn(operators, token.text)) return undefined;
    return operators[token.text];
  }

  #unary(): Node {
    if (++this.#depth > depthMax) throw new Mistake('nested too deep', this.#tokens[this.#at]?.offset ?? 0);
    try {
      if (this.#take('!', 'not')) {
        const negated = this.#binary(notRank);
        return (scope) => negated(scope) !== true;
      }
      const sign = this.#take('-', '+');
      if (!sign) return this.#indexed(this.#operand());
      const signed = this.#binary(signRank);
      return (scope) => (sign === '-' ? -1 : 1) * numberOf(signed(scope), sign);
    } finally {
      this.#depth--;
    }
  }

  #indexed(list: Node): Node {
    if (!this.#take('[')) return list;
    const index = this.#ternary();
    this.#demand(']');
    return this.#indexed((scope) => elementOf(listOf(list(scope), '[ ]'), numberOf(index(scope), '[ ]')));
  }

  #operand(): Node {
    const token = this.#tokens[this.#at++];
    if (!token) throw new Mistake('it ends too early', this.#length);
    const { value, text } = token;
    if (value !== undefined) return () => value;
    if (text === '(') {
      const inner = this.#ternary();
      this.#demand(')');
      return inner;
    }
    if (text === '[') return this.#list();
    if (text === '#' && this.#inPredicate) return ({ element }) => element!;
    return this.#named(token);
  }

  #list(): Node {
    const elements: Node[] = [];
    while (!this.#take(']')) {
      if (elements.length > 0) this.#demand(',');
      elements.push(this.#ternary());
    }
    return (scope) => elements.map((element) => element(scope));
  }

  #named({ text, offset }: Token): Node {
    if (text === 'true' || text === 'false') return () => text === 'true';
    if (text === 'nil') return () => null;
    if (this.#names.values.includes(text)) return ({ values }) => values[text] ?? null;
    if (this.#isAt('(')) {
      if (Object.hasOwn(predicates, text)) return this.#predicate(predicates[text]!);
      const known = { ...functions, ...this.#names.functions };
      if (Object.hasOwn(known, text)) return this.#call(text, known[text]!, offset);
    }
    if (!/^[A-Za-z_]/.test(text)) throw new Mistake(`${text} is not expected here`, offset);
    throw new Mistake(`${text} is not known; there ${this.#knownNames()}`, offset);
  }

  #knownNames(): string {
    const { values } = this.#names;
    return values.length === 1
      ? `is ${values[0]}`
      : `are ${values.slice(0, -1).join(', ')} and ${values.at(-1)}`;
  }

  #call(
    name: string,
    { arity, of }: NonNullable<ExpressionNames['functions']>[string],
    offset: number,
  ): Node {
    this.#demand('(');
    const given: Node[] = [];
    while (!this.#take(')')) {
      if (given.length > 0) this.#demand(',');
      given.push(this.#ternary());
    }
    if (given.length !== arity)
      throw new Mistake(`${name} takes ${arity} ${arity === 1 ? 'value' : 'values'}`, offset);
    return (scope) => of(...given.map((node) => node(scope)));
  }

  #predicate(apply: (typeof predicates)[string]): Node {
    this.#demand('(');
    const list = this.#ternary();
    this.#demand(',');
    const isBraced = this.#take('{') !== undefined;
    const outside = this.#inPredicate;
    this.#inPredicate = true;
    const question = this.#ternary();
    this.#inPredicate = outside;
    if (isBraced) this.#demand('}');
    this.#demand(')');
    return (scope) => apply(listOf(list(scope), 'a predicate'), (element) => question({ ...scope, element }));
  }

  #isAt(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.value === undefined && token?.text === text;
  }

  #take(...texts: readonly string[]): string | undefined {
    const found = texts.find((text) => this.#isAt(text));
    if (found !== undefined) this.#at++;
    return found;
  }

  #demand(text: string): void {
    if (this.#take(text) !== undefined) return;
    const offset = this.#tokens[this.#at]?.offset ?? this.#length;
    throw new Mistake(`a ${text} is missing`, offset);
  }
}

/** From the end when negative, as the language counts. */
function elementOf(list: readonly ExpressionValue[], index: number): ExpressionValue {
  const element = list.at(index);
  if (element === undefined || !Number.isInteger(index))
    throw new ExpressionError(`there is no element ${index} in a list of ${list.length}`);
  return element;
}

function isEqual(left: ExpressionValue, right: ExpressionValue): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  return left.length === right.length && left.every((value, index) => isEqual(value, right[index]));
}

function numberOf(value: ExpressionValue, user: string): number {
  if (typeof value === 'number') return value;
  throw new ExpressionError(`${user} needs a number and has ${kindOf(value)}`);
}

function numbersOf(value: ExpressionValue, user: string): readonly number[] {
  return listOf(value, user).map((each) => numberOf(each, user));
}

function stringOf(value: ExpressionValue, user: string): string {
  if (typeof value === 'string') return value;
  throw new ExpressionError(`${user} needs a text and has ${kindOf(value)}`);
}

function listOf(value: ExpressionValue, user: string): readonly ExpressionValue[] {
  if (Array.isArray(value)) return value;
  throw new ExpressionError(`${user} needs a list and has ${kindOf(value)}`);
}

function kindOf(value: ExpressionValue): string {
  if (value === null) return 'nil';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}
