// The tree of an expression as parse_query shows it.

import type { Matcher } from '../../base/matcher.ts';
import type { Expr, TimeModifiers, VectorMatching } from '../../promql/ast.ts';
import { formatPlain } from '../../promql/format.ts';
import { signatureOf } from '../../promql/functions/signatures.ts';

export function expressionTree(expr: Expr): Record<string, unknown> {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: formatPlain(expr.value) };
    case 'string':
      return { type: 'stringLiteral', val: expr.value };
    case 'paren':
      return { type: 'parenExpr', expr: expressionTree(expr.expr) };
    case 'unary':
      return { type: 'unaryExpr', op: expr.operator, expr: expressionTree(expr.expr) };
    case 'vectorSelector': {
      const { name, matchers } = expr;
      return { type: 'vectorSelector', name, ...timeFields(expr), matchers: matchers.map(matcherFields) };
    }
    case 'matrixSelector': {
      const { name, matchers } = expr.selector;
      const common = { ...timeFields(expr.selector), matchers: matchers.map(matcherFields) };
      return { type: 'matrixSelector', name, range: expr.rangeMs, ...common };
    }
    case 'subquery': {
      const inner = { expr: expressionTree(expr.expr), range: expr.rangeMs };
      return { type: 'subquery', ...inner, ...timeFields(expr), step: expr.stepMs ?? 0 };
    }
    case 'aggregate': {
      const { operator: op, grouping, without, parameter } = expr;
      const param = parameter ? expressionTree(parameter) : null;
      return { type: 'aggregation', op, expr: expressionTree(expr.expr), param, grouping, without };
    }
    case 'binary': {
      const { operator: op, matching, bool } = expr;
      const sides = { lhs: expressionTree(expr.left), rhs: expressionTree(expr.right) };
      return { type: 'binaryExpr', op, ...sides, matching: matchingFields(expr.operator, matching), bool };
    }
    case 'call': {
      const signature = signatureOf(expr.name);
      const { args: argTypes = [], variadic = 0 } = signature ?? {};
      const known = Number.isFinite(variadic) ? variadic : -1;
      const func = { name: expr.name, argTypes, variadic: known, returnType: expr.returns };
      return { type: 'call', func, args: expr.args.map(expressionTree) };
    }
  }
}

function timeFields({ offsetMs, at }: TimeModifiers): Record<string, unknown> {
  return {
    offset: offsetMs,
    timestamp: typeof at === 'number' ? at : null,
    startOrEnd: typeof at === 'string' ? at : null,
  };
}

function matcherFields({ name, value, operator }: Matcher): Record<string, string> {
  return { name, value, type: operator };
}

function matchingFields(operator: string, { card, labels, on, include }: VectorMatching): unknown {
  const isSet = ['and', 'or', 'unless'].includes(operator);
  return { card: isSet ? 'many-to-many' : card, labels, on, include };
}
