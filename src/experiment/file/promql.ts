// Expressions in the file: read with PromQL's own parser, so that a mistake is shown where it stands in the YAML line.
// Which feature flags are on is known once the whole file is read; features.ts looks at that.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import type { Expr } from '../../promql/ast.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { topComparison } from '../../promql/walk.ts';

/** Any expression. */
export const promqlText = z
  .string()
  .superRefine((text, context) => {
    expressionOf(text, context);
  })
  .meta({ expected: 'a PromQL expression' });

/** An expression that is true or false: its outermost operator is a comparison. */
export const promqlComparison = z
  .string()
  .superRefine((text, context) => {
    const expr = expressionOf(text, context);
    if (!expr || topComparison(expr)) return;
    complain(context, 'FD119', 'the expression gives values, but nothing says which of them are good', {
      expected: 'a comparison, such as `… < 0.3`',
    });
  })
  .meta({ expected: 'a PromQL comparison' });

function expressionOf(text: string, context: z.core.$RefinementCtx): Expr | undefined {
  const parsed = parseExpr(text, { features: allFeatures });
  if (parsed.ok) return parsed.expr;
  const { code, message, start, end } = parsed.error;
  complain(context, code, message, { offset: start, length: Math.max(1, end - start) });
  return undefined;
}
