// FD313: a range that holds fewer than four scrapes. rate() needs two samples, and one scrape that fails or comes late
// leaves it with less; the alert then goes quiet when it should not.

import { formatDuration } from '../../../base/duration.ts';
import type { Expr, MatrixSelector } from '../../../promql/ast.ts';
import { childrenOf } from '../../../promql/walk.ts';
import { type Lint, placeOfExpr, scrapeIntervalOf } from '../finding.ts';

const scrapesMin = 4;
/** Functions that compare samples with each other. */
const needsSeveral = new Set(['rate', 'increase', 'irate', 'delta', 'idelta', 'deriv', 'changes', 'resets']);
needsSeveral.add('predict_linear');

export const shortRange: Lint = {
  code: 'FD313',
  check(rule, group, context) {
    const scrapeIntervalMs = scrapeIntervalOf(group, context);
    const short = rangesOf(rule.expr).filter(
      ({ rangeMs, rangeExpr }) => !rangeExpr && rangeMs < scrapesMin * scrapeIntervalMs,
    );
    return short.map((range) => ({
      severity: 'warning',
      message: `a range of ${formatDuration(range.rangeMs)} holds fewer than ${scrapesMin} scrapes, one every ${formatDuration(scrapeIntervalMs)}`,
      at: placeOfExpr(rule, range),
      expected: `${formatDuration(scrapesMin * scrapeIntervalMs)} or more`,
    }));
  },
};

function rangesOf(expr: Expr): MatrixSelector[] {
  const own =
    expr.kind === 'call' && needsSeveral.has(expr.name)
      ? expr.args.flatMap((arg) => (arg.kind === 'matrixSelector' ? [arg] : []))
      : [];
  return [...own, ...childrenOf(expr).flatMap(rangesOf)];
}
