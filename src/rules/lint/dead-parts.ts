// Which parts of an expression can never give a result, and whether that leaves the whole without one.

import { type Binary, type Expr, isComparison, type VectorSelector } from '../../promql/ast.ts';
import { childrenOf } from '../../promql/walk.ts';
import { type Bounds, boundsOf, type Recorded } from './bounds.ts';
import { contradiction } from './contradiction.ts';

export interface DeadComparison {
  readonly expr: Binary;
  readonly left: Bounds;
  readonly right: Bounds;
}

export interface DeadParts {
  /** The whole expression never has a result. */
  readonly dead: boolean;
  readonly proven: boolean;
  readonly comparisons: readonly DeadComparison[];
  readonly selectors: readonly VectorSelector[];
}

const alive: DeadParts = { dead: false, proven: true, comparisons: [], selectors: [] };

export function deadParts(expr: Expr, recorded: Recorded): DeadParts {
  const parts = (inner: Expr) => deadParts(inner, recorded);
  switch (expr.kind) {
    case 'vectorSelector':
      return contradiction(expr.matchers) ? { ...alive, dead: true, selectors: [expr] } : alive;
    case 'call': {
      const all = together(expr.args.map(parts), 'any');
      const answersNothing = /^(?:absent|absent_over_time|scalar)$/.test(expr.name);
      return answersNothing ? { ...all, dead: false } : all;
    }
    case 'binary':
      return ofBinary(expr, recorded);
    default:
      return together(childrenOf(expr).map(parts), 'any');
  }
}

function ofBinary(expr: Binary, recorded: Recorded): DeadParts {
  const [left, right] = [deadParts(expr.left, recorded), deadParts(expr.right, recorded)];
  if (expr.operator === 'or') return together([left, right], 'all');
  if (expr.operator === 'unless')
    return { ...together([left, right], 'any'), dead: left.dead, proven: left.proven };
  const both = together([left, right], 'any');
  const fills = expr.matching.fillLeft !== undefined || expr.matching.fillRight !== undefined;
  if (fills) return { ...both, dead: false };
  if (!isComparison(expr.operator) || expr.bool) return both;
  const [l, r] = [boundsOf(expr.left, recorded), boundsOf(expr.right, recorded)];
  if (!neverTrue(l, expr.operator, r)) return both;
  const own = {
    ...alive,
    dead: true,
    proven: l.proven && r.proven,
    comparisons: [{ expr, left: l, right: r }],
  };
  return together([both, own], 'any');
}

function neverTrue(left: Bounds, operator: string, right: Bounds): boolean {
  switch (operator) {
    case '>':
      return left.max <= right.min;
    case '>=':
      return left.max < right.min;
    case '<':
      return left.min >= right.max;
    case '<=':
      return left.min > right.max;
    case '==':
      return left.max < right.min || left.min > right.max;
    default:
      return left.min === left.max && right.min === right.max && left.min === right.min;
  }
}

/** One dead operand is enough for most operators; `or` needs all. */
function together(parts: readonly DeadParts[], needed: 'any' | 'all'): DeadParts {
  const dead = parts.filter((part) => part.dead);
  return {
    dead: needed === 'any' ? dead.length > 0 : dead.length === parts.length,
    proven:
      needed === 'any'
        ? dead.length === 0 || dead.some(({ proven }) => proven)
        : parts.every(({ proven }) => proven),
    comparisons: parts.flatMap(({ comparisons }) => comparisons),
    selectors: parts.flatMap(({ selectors }) => selectors),
  };
}
