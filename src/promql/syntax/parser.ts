// Recursive descent for expressions, precedence climbing for binary operators. Modifiers after an expression (`[...]`,
// `offset`, `@`) bind tighter than every operator.
//
// Where Prometheus says in which construct an unexpected token stands, it means the innermost one that has an error
// rule: an aggregation for anything between its operator and its end. `context` carries that.

import type { Aggregate, AggregateOperator, Binary, BinaryOperator, Call, Expr } from '../ast.ts';
import { ParseFailure, syntaxError } from '../errors.ts';
import type { Features } from '../features.ts';
import { experimentalFunctions, signatureOf } from '../functions/signatures.ts';
import { parseBinaryModifiers, parseGroupingLabels, parseNumberToken } from './grouping.ts';
import { parseAt, parseExtended, parseOffset, parseRange } from './modifiers.ts';
import { quote, unquote } from './quote.ts';
import { parseSelector } from './selector.ts';
import { TokenStream } from './token-stream.ts';
import { aggregators, contextFunctions, isMetricName, parameterAggregators, type Token } from './tokens.ts';

const precedences: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '>=': 3,
  '>': 3,
  '<': 3,
  '<=': 3,
  '!=': 3,
  '</': 3,
  '>/': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};
/** A sign binds like multiplication: `-2 ^ 2` is -(2 ^ 2). */
const unaryPrecedence = 6;

/** Parentheses, calls and signs within each other, and operators in a row: what a tree may be deep. */
const depthMax = 1000;

export class Parser {
  readonly #tokens: TokenStream;
  #context = '';
  #depth = 0;

  constructor(text: string, features: Features) {
    this.#tokens = new TokenStream(text, features);
  }

  /** The whole text as one expression. */
  parse(): Expr {
    if (this.#tokens.peek().kind === 'eof') throw syntaxError('no expression found in input', 0, 0);
    const expr = this.#expression(1);
    if (this.#tokens.peek().kind !== 'eof') throw this.#unexpected();
    return expr;
  }

  #unexpected(): ParseFailure {
    return this.#tokens.unexpected(this.#context);
  }

  #expression(precedenceMin: number): Expr {
    const depthBefore = this.#depth;
    this.#deeper();
    let left = this.#operand();
    for (;;) {
      const operator = this.#tokens.peek();
      const precedence = precedences[operator.kind];
      if (precedence === undefined || precedence < precedenceMin) break;
      this.#tokens.take();
      this.#deeper();
      const modifiers = parseBinaryModifiers(this.#tokens);
      // Power binds to the right, the others to the left.
      const right = this.#expression(operator.kind === '^' ? precedence : precedence + 1);
      left = this.#binary(operator, left, right, modifiers);
    }
    this.#depth = depthBefore;
    return left;
  }

  #deeper(): void {
    if (++this.#depth <= depthMax) return;
    const { start, end } = this.#tokens.peek();
    throw new ParseFailure('FD203', `expression nests deeper than ${depthMax} levels`, start, end);
  }

  #binary(
    operator: Token,
    left: Expr,
    right: Expr,
    modifiers: ReturnType<typeof parseBinaryModifiers>,
  ): Binary {
    const { fillLeft, fillRight } = modifiers.matching;
    const fills = fillLeft !== undefined || fillRight !== undefined;
    if (fills && !this.#tokens.features.has('promql-binop-fill-modifiers')) {
      throw syntaxError('binop fill modifiers are experimental and not enabled', left.start, right.end);
    }
    const kind = operator.kind as BinaryOperator;
    return { kind: 'binary', operator: kind, left, right, ...modifiers, start: left.start, end: right.end };
  }

  #operand(): Expr {
    let expr = this.#primary();
    for (;;) {
      switch (this.#tokens.peek().kind) {
        case '[':
          this.#deeper();
          expr = parseRange(this.#tokens, expr);
          break;
        case 'offset':
          expr = parseOffset(this.#tokens, expr);
          break;
        case '@':
          expr = parseAt(this.#tokens, expr);
          break;
        case 'anchored':
        case 'smoothed':
          expr = parseExtended(this.#tokens, expr);
          break;
        default:
          return expr;
      }
    }
  }

  #primary(): Expr {
    const token = this.#tokens.peek();
    switch (token.kind) {
      case 'number':
      case 'duration': {
        const value = parseNumberToken(this.#tokens)!;
        const duration = token.kind === 'duration';
        return { kind: 'number', value, duration, start: token.start, end: token.end };
      }
      case 'string':
        this.#tokens.take();
        return { kind: 'string', value: unquote(token.text), start: token.start, end: token.end };
      case '+':
      case '-':
        return this.#sign(token.kind);
      case '(':
        return this.#paren();
      case '{':
        return parseSelector(this.#tokens, undefined);
      default:
        if (!isMetricName(token.kind)) throw this.#unexpected();
        return this.#named(this.#tokens.take());
    }
  }

  #sign(operator: '+' | '-'): Expr {
    const { start } = this.#tokens.take();
    const expr = this.#expression(unaryPrecedence);
    if (expr.kind === 'number') return { ...expr, value: operator === '-' ? -expr.value : expr.value, start };
    return { kind: 'unary', operator, expr, start, end: expr.end };
  }

  #paren(): Expr {
    const { start } = this.#tokens.take();
    const expr = this.#expression(1);
    if (!this.#tokens.accept(')')) throw this.#unexpected();
    return { kind: 'paren', expr, start, end: this.#tokens.lastEnd };
  }

  /** A call, an aggregation or a selector: a word tells by what follows it. */
  #named(name: Token): Expr {
    const next = this.#tokens.peek().kind;
    const isAggregator = aggregators.has(name.kind);
    if (isAggregator && (next === '(' || next === 'by' || next === 'without')) return this.#aggregate(name);
    const isFunction = name.kind === 'identifier' || contextFunctions.has(name.kind);
    if (isFunction && next === '(') return this.#call(name);
    return parseSelector(this.#tokens, name);
  }

  #call(name: Token): Call {
    const args = this.#arguments();
    const signature = signatureOf(name.text);
    if (!signature) throw syntaxError(`unknown function with name ${quote(name.text)}`, name.start, name.end);
    if (experimentalFunctions.has(name.text) && !this.#tokens.features.has('promql-experimental-functions')) {
      throw syntaxError(`function ${quote(name.text)} is not enabled`, name.start, name.end);
    }
    const { returns } = signature;
    return { kind: 'call', name: name.text, args, returns, start: name.start, end: this.#tokens.lastEnd };
  }

  #arguments(): Expr[] {
    if (!this.#tokens.accept('(')) throw this.#unexpected();
    const args: Expr[] = [];
    if (this.#tokens.accept(')')) return args;
    for (;;) {
      args.push(this.#expression(1));
      if (this.#tokens.accept(')')) return args;
      const comma = this.#tokens.accept(',');
      if (!comma) throw this.#unexpected();
      if (this.#tokens.peek().kind === ')') {
        throw syntaxError('trailing commas not allowed in function call args', comma.start, comma.end);
      }
    }
  }

  #aggregate(operator: Token): Aggregate {
    const outerContext = this.#context;
    this.#context = 'aggregation';
    let grouping = this.#grouping();
    const args = this.#arguments();
    grouping ??= this.#grouping();
    this.#context = outerContext;
    const span = { start: operator.start, end: this.#tokens.lastEnd };
    if (args.length === 0) {
      throw syntaxError('no arguments for aggregate expression provided', span.start, span.end);
    }
    const isExperimental = operator.kind === 'limitk' || operator.kind === 'limit_ratio';
    if (isExperimental && !this.#tokens.features.has('promql-experimental-functions')) {
      const flag = '--enable-feature=promql-experimental-functions';
      const message = `${operator.kind}() is experimental and must be enabled with ${flag}`;
      throw syntaxError(message, span.start, span.end);
    }
    const expected = parameterAggregators.has(operator.kind) ? 2 : 1;
    if (args.length !== expected) {
      const message = `wrong number of arguments for aggregate expression provided, expected ${expected}, got ${args.length}`;
      throw syntaxError(message, span.start, span.end);
    }
    return {
      kind: 'aggregate',
      operator: operator.kind as AggregateOperator,
      expr: args[expected - 1]!,
      parameter: expected === 2 ? args[0] : undefined,
      grouping: grouping?.labels ?? [],
      without: grouping?.without ?? false,
      ...span,
    };
  }

  #grouping(): { labels: string[]; without: boolean } | undefined {
    const keyword = this.#tokens.accept('by') ?? this.#tokens.accept('without');
    if (!keyword) return undefined;
    return { without: keyword.kind === 'without', labels: parseGroupingLabels(this.#tokens) };
  }
}
