// From text to a checked expression. Nothing is thrown: a mistake comes back as data with its place.

import type { Matcher } from '../base/matcher.ts';
import type { Expr } from './ast.ts';
import { checkTypes } from './check.ts';
import { ParseFailure, type PromqlError } from './errors.ts';
import { type Features, noFeatures } from './features.ts';
import { Parser } from './syntax/parser.ts';

export type ParsedExpr =
  | { readonly ok: true; readonly expr: Expr }
  | { readonly ok: false; readonly error: PromqlError };

export type ParsedMatchers =
  | { readonly ok: true; readonly matchers: readonly Matcher[] }
  | { readonly ok: false; readonly error: PromqlError };

export interface ParseOptions {
  /** What of Prometheus's feature flags is on; nothing. */
  readonly features?: Features;
}

/** Parses and type-checks an expression. */
export function parseExpr(text: string, { features = noFeatures }: ParseOptions = {}): ParsedExpr {
  try {
    const expr = new Parser(text, features).parse();
    checkTypes(expr, text);
    return { ok: true, expr };
  } catch (failure) {
    if (failure instanceof ParseFailure) return { ok: false, error: failure.error };
    throw failure;
  }
}

/** Parses a selector on its own, such as `up{job="a"}` in a `match[]` parameter: its matchers, the name among them. */
export function parseMatchers(text: string): ParsedMatchers {
  const parsed = parseExpr(text);
  if (!parsed.ok) return parsed;
  const { expr } = parsed;
  if (expr.kind === 'vectorSelector' && expr.offsetMs === 0 && !expr.offsetExpr && expr.at === undefined) {
    return { ok: true, matchers: expr.matchers };
  }
  const message = 'expected a selector such as name{label="value"}';
  return { ok: false, error: { code: 'FD201', message, start: expr.start, end: expr.end } };
}
