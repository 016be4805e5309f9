// Conditions over a few named values: `exitCode == 0 && stdout contains "ready"`, `len(result) > 0 and all(result, # < 0.05)`.
// Operators, their ranks and the functions are those of the expression language of expr-lang.org (as of version 1.16), which Chaos
// Mesh and Argo Rollouts use, without its maps, dates, pipes and text functions. Nothing is turned into another type.

import { type ExpressionFunctions, functions, predicates } from './functions.ts';
import { type Node, notRank, type Operator, operators, signRank } from './operators.ts';
import { Mistake, type Token, tokens } from './tokens.ts';
import { type ExpressionValue, elementOf, listOf, numberOf } from './value.ts';

export interface ExpressionNames {
  readonly values: readonly string[];
  /** Beside those of the language: how many values each takes, and what it gives. */
  readonly functions?: ExpressionFunctions;
}

export type ParsedExpression =
  | {
      readonly ok: true;
      /** Throws an `ExpressionError` when the values do not suit what is done with them. */
      readonly evaluate: (values: Readonly<Record<string, ExpressionValue>>) => ExpressionValue;
    }
  | { readonly ok: false; readonly message: string; readonly offset: number };

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

  #call(name: string, { arity, of }: ExpressionFunctions[string], offset: number): Node {
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
