// An expression tree as plain data, without positions and with matchers in a fixed order: for comparing trees.

import { formatMatcher, type Matcher } from '../../src/base/matcher.ts';
import type { Expr } from '../../src/promql/ast.ts';

export function plainTree(expr: Expr): unknown {
  return JSON.parse(JSON.stringify(expr, replace));
}

function replace(key: string, value: unknown): unknown {
  if (key === 'start' || key === 'end') return undefined;
  if (key === 'matchers') return (value as Matcher[]).map(formatMatcher).sort();
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
