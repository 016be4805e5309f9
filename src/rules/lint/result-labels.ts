// Which labels the series of a result can have: only certain ones behind an aggregation, else any but those that were
// dropped on the way.

import {
  type Aggregate,
  type Binary,
  type Call,
  type Expr,
  isSetOperator,
  typeOf,
  unwrapParens,
} from '../../promql/ast.ts';

export type ResultLabels =
  | {
      readonly kind: 'only';
      readonly names: ReadonlySet<string>;
      /** What leaves no others. */
      readonly because: Expr;
    }
  | { readonly kind: 'any'; readonly dropped: ReadonlyMap<string, Expr> };

const any: ResultLabels = { kind: 'any', dropped: new Map() };
const only = (because: Expr, names: Iterable<string> = []): ResultLabels => ({
  kind: 'only',
  names: new Set(names),
  because,
});

export function resultLabels(expr: Expr): ResultLabels {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return only(expr);
    case 'vectorSelector':
    case 'matrixSelector':
      return any;
    case 'subquery':
    case 'unary':
    case 'paren':
      return resultLabels(expr.expr);
    case 'call':
      return ofCall(expr);
    case 'aggregate':
      return ofAggregate(expr);
    case 'binary':
      return ofBinary(expr);
  }
}

/** The part of the expression that takes this label away; undefined when series may have it. */
export function dropperOf(labels: ResultLabels, name: string): Expr | undefined {
  if (labels.kind === 'any') return labels.dropped.get(name);
  return labels.names.has(name) ? undefined : labels.because;
}

function ofCall(call: Call): ResultLabels {
  const { name, args } = call;
  if (name === 'absent' || name === 'absent_over_time') return only(call, equalityLabels(args[0]!));
  if (name === 'info') return any;
  const vector = args.find((arg) => typeOf(arg) === 'vector' || typeOf(arg) === 'matrix');
  if (!vector) return only(call);
  const inner = resultLabels(vector);
  if (name === 'histogram_quantile' || name === 'histogram_fraction') return without(inner, ['le'], call);
  if (name !== 'label_replace' && name !== 'label_join') return inner;
  const target = unwrapParens(args[1]!);
  return target.kind === 'string' ? withNames(inner, [target.value]) : inner;
}

/** The labels that absent() gives its result. */
function equalityLabels(expr: Expr): string[] {
  const inner = unwrapParens(expr);
  const selector = inner.kind === 'matrixSelector' ? inner.selector : inner;
  if (selector.kind !== 'vectorSelector') return [];
  const names = selector.matchers.filter(({ operator, name }) => operator === '=' && name !== '__name__');
  return names.map(({ name }) => name);
}

const keepsSeries = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

function ofAggregate(expr: Aggregate): ResultLabels {
  const inner = resultLabels(expr.expr);
  if (keepsSeries.has(expr.operator)) return inner;
  const added =
    expr.operator === 'count_values' && expr.parameter?.kind === 'string' ? [expr.parameter.value] : [];
  if (expr.without) return withNames(without(inner, expr.grouping, expr), added);
  return only(expr, [...expr.grouping.filter((name) => !dropperOf(inner, name)), ...added]);
}

function ofBinary(expr: Binary): ResultLabels {
  const { operator, matching } = expr;
  if (typeOf(expr.left) === 'scalar') return resultLabels(expr.right);
  const left = resultLabels(expr.left);
  if (typeOf(expr.right) === 'scalar') return left;
  if (operator === 'or') return union(left, resultLabels(expr.right));
  if (isSetOperator(operator)) return left;
  if (matching.card === 'many-to-one') return withNames(left, matching.include);
  if (matching.card === 'one-to-many') return withNames(resultLabels(expr.right), matching.include);
  if (!matching.on) return without(left, matching.labels, expr);
  return only(
    expr,
    matching.labels.filter((name) => !dropperOf(left, name)),
  );
}

function without(labels: ResultLabels, names: readonly string[], because: Expr): ResultLabels {
  if (labels.kind === 'any')
    return {
      kind: 'any',
      dropped: new Map([...labels.dropped, ...names.map((name) => [name, because] as const)]),
    };
  return { ...labels, names: new Set([...labels.names].filter((name) => !names.includes(name))) };
}

function withNames(labels: ResultLabels, names: readonly string[]): ResultLabels {
  if (labels.kind === 'only') return { ...labels, names: new Set([...labels.names, ...names]) };
  return { kind: 'any', dropped: new Map([...labels.dropped].filter(([name]) => !names.includes(name))) };
}

/** A label that one side has, some results have. */
function union(a: ResultLabels, b: ResultLabels): ResultLabels {
  if (a.kind === 'only') return b.kind === 'only' ? withNames(a, [...b.names]) : union(b, a);
  return { kind: 'any', dropped: new Map([...a.dropped].filter(([name]) => dropperOf(b, name))) };
}
