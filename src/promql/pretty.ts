// Expressions laid out over several lines, as Prometheus's format_query does: what fits on a line stays on it, the
// rest is broken at operators, calls and aggregations.

import type { Expr } from './ast.ts';
import { printExpr } from './printer.ts';

const lineMax = 100;

export function prettyExpr(expr: Expr, level = 0): string {
  const indent = '  '.repeat(level);
  const flat = printExpr(expr);
  if (flat.length <= lineMax) return indent + flat;
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
    case 'matrixSelector':
      return indent + flat;
    case 'paren':
      return `${indent}(\n${prettyExpr(expr.expr, level + 1)}\n${indent})`;
    case 'unary':
      return indent + expr.operator + prettyExpr(expr.expr, level).trimStart();
    case 'subquery':
      return prettyExpr(expr.expr, level) + flat.slice(printExpr(expr.expr).length);
    case 'call': {
      const args = expr.args.map((arg) => prettyExpr(arg, level + 1)).join(',\n');
      return `${indent}${expr.name}(\n${args}\n${indent})`;
    }
    case 'aggregate': {
      const inner = [...(expr.parameter ? [expr.parameter] : []), expr.expr];
      const head = flat.slice(0, flat.length - `(${inner.map(printExpr).join(', ')})`.length);
      return `${indent}${head}(\n${inner.map((part) => prettyExpr(part, level + 1)).join(',\n')}\n${indent})`;
    }
    case 'binary': {
      const operator = flat.slice(printExpr(expr.left).length + 1, -printExpr(expr.right).length - 1);
      const [left, right] = [expr.left, expr.right].map((side) => prettyExpr(side, level + 1));
      return `${left}\n${indent}${operator}\n${right}`;
    }
  }
}
