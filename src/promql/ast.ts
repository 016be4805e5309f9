// The expression tree. Nodes are immutable; `start` and `end` are offsets into the expression's text (UTF-16 units, end
// exclusive), so that a caller can point at them inside a YAML file. Prometheus counts bytes: see position.ts.

import type { Matcher } from '../base/matcher.ts';

/** What an expression yields. `vector` is an instant vector, `matrix` a range vector. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

interface Span {
  readonly start: number;
  readonly end: number;
}

export interface NumberLiteral extends Span {
  readonly kind: 'number';
  readonly value: number;
  /** Written as a duration such as `5m`; the value is in seconds. */
  readonly duration: boolean;
}

interface StringLiteral extends Span {
  readonly kind: 'string';
  /** Bytes that are not UTF-8 stand as lone surrogates, see syntax/quote.ts. */
  readonly value: string;
}

/** The `@` modifier: Unix milliseconds, or the start or end of the query. */
export type AtModifier = number | 'start' | 'end' | undefined;

/** `offset` and `@`. Of a range selector they are held by its inner selector. */
export interface TimeModifiers {
  readonly offsetMs: number;
  /** Set when the offset was written as an expression; `offsetMs` is then 0 until the query is planned. */
  readonly offsetExpr: DurationExpr | undefined;
  readonly at: AtModifier;
}

/** What a selector makes of samples around the edges of its range, or around its time. */
export type ExtendedModifier = 'anchored' | 'smoothed';

export interface VectorSelector extends Span, TimeModifiers {
  readonly kind: 'vectorSelector';
  /** The name before the braces, or ''. */
  readonly name: string;
  /** All matchers, the one for `name` last. */
  readonly matchers: readonly Matcher[];
  /** Of a range selector it is held by its inner selector. */
  readonly extended?: ExtendedModifier;
  /** Set by the plan: of native histograms only count and sum are wanted. */
  readonly statisticsOnly?: boolean;
}

export interface MatrixSelector extends Span {
  readonly kind: 'matrixSelector';
  readonly selector: VectorSelector;
  readonly rangeMs: number;
  readonly rangeExpr: DurationExpr | undefined;
}

export interface Subquery extends Span, TimeModifiers {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly rangeMs: number;
  readonly rangeExpr: DurationExpr | undefined;
  /** Undefined when no step was written: the default step. */
  readonly stepMs: number | undefined;
  readonly stepExpr: DurationExpr | undefined;
}

export interface Call extends Span {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
  readonly returns: ValueType;
}

export type AggregateOperator =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'
  | 'limitk'
  | 'limit_ratio';

export interface Aggregate extends Span {
  readonly kind: 'aggregate';
  readonly operator: AggregateOperator;
  readonly expr: Expr;
  readonly parameter: Expr | undefined;
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2';
export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type SetOperator = 'and' | 'or' | 'unless';
/** Cut native histograms: keep what is below, or above, the value on the right. */
type TrimOperator = '</' | '>/';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator | TrimOperator;

/** How the series of two vectors find each other. Set operators are always many-to-many. */
export interface VectorMatching {
  readonly card: 'one-to-one' | 'many-to-one' | 'one-to-many';
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels that `group_left` or `group_right` copies from the "one" side. */
  readonly include: readonly string[];
  /** Values that stand for a missing partner. */
  readonly fillLeft: number | undefined;
  readonly fillRight: number | undefined;
}

export interface Binary extends Span {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expr;
  readonly right: Expr;
  readonly bool: boolean;
  readonly matching: VectorMatching;
}

export interface Unary extends Span {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly expr: Expr;
}

interface Paren extends Span {
  readonly kind: 'paren';
  readonly expr: Expr;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregate
  | Binary
  | Unary
  | Paren;

/** Arithmetic inside `[...]` and after `offset`; numbers are seconds. */
export type DurationExpr =
  | NumberLiteral
  | (Span & {
      readonly kind: 'durationCall';
      readonly name: 'step' | 'range' | 'min_of' | 'max_of';
      readonly args: readonly DurationExpr[];
    })
  | (Span & {
      readonly kind: 'durationUnary';
      readonly operator: '+' | '-';
      readonly operand: DurationExpr;
    })
  | (Span & {
      readonly kind: 'durationBinary';
      readonly operator: '+' | '-' | '*' | '/' | '%' | '^';
      readonly left: DurationExpr;
      readonly right: DurationExpr;
    })
  | (Span & { readonly kind: 'durationParen'; readonly operand: DurationExpr });

export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'vectorSelector':
    case 'aggregate':
      return 'vector';
    case 'matrixSelector':
    case 'subquery':
      return 'matrix';
    case 'call':
      return expr.returns;
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
    case 'paren':
      return typeOf(expr.expr);
  }
}

export function unwrapParens(expr: Expr): Expr {
  return expr.kind === 'paren' ? unwrapParens(expr.expr) : expr;
}

const comparisonOperators: ReadonlySet<string> = new Set<ComparisonOperator>([
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
]);

const setOperators: ReadonlySet<string> = new Set<SetOperator>(['and', 'or', 'unless']);

export function isComparison(operator: BinaryOperator): operator is ComparisonOperator {
  return comparisonOperators.has(operator);
}

export function isSetOperator(operator: BinaryOperator): operator is SetOperator {
  return setOperators.has(operator);
}
