// FD316: a series of errors that does not exist before the first error. Until then the ratio has no value instead of
// 0, averages of it leave the good times out, and rate() does not see the first error: a series begins at 1.

import { formatMatcher, type Matcher } from '../../../base/matcher.ts';
import { type Expr, unwrapParens, type VectorSelector } from '../../../promql/ast.ts';
import { childrenOf, selectorsOf } from '../../../promql/walk.ts';
import type { Rule, RuleFile } from '../../model.ts';
import { type Lint, placeOfExpr } from '../finding.ts';

const statusLabel =
  /^(?:code|status|status_code|http_code|http_status|http_status_code|response_code|grpc_code|grpc_status)$/;
const errorValue = /^\^?\(?(?:[45](?:\.\.|\.[*+]|xx|\\d\\d|\[0-9\]|\d\d)|error|fail)/i;
const goodValue = /^\^?\(?(?:[123](?:\.\.|\.[*+]|xx|\\d\\d|\[0-9\]|\d\d)|ok$|success)/i;

export const bornWithError: Lint = {
  code: 'FD316',
  check(rule, group, { files }) {
    const first = firstRulesOf(files.find(({ groups }) => groups.includes(group)));
    return bornNumerators(rule.expr)
      .filter(
        (selector) =>
          (first?.get(keyOf(selector)) ?? rule) === rule && !absentElsewhere(files, selector.name),
      )
      .map((selector) => ({
        severity: 'warning',
        message: `${selector.name} may have no series for ${errorMatcher(selector)} before the first error: the ratio has no value then, and the first error is not counted`,
        at: placeOfExpr(rule, selector),
        expected: '`or vector(0)` behind the numerator, series that begin at 0, or an alert with absent()',
      }));
  },
};

const firstRules = new WeakMap<RuleFile, ReadonlyMap<string, Rule>>();

/** The first rule of a file with each of these selectors: one metric in seven windows is one finding. */
function firstRulesOf(file: RuleFile | undefined): ReadonlyMap<string, Rule> | undefined {
  if (!file) return undefined;
  const known = firstRules.get(file);
  if (known) return known;
  const first = new Map<string, Rule>();
  for (const rule of file.groups.flatMap(({ rules }) => rules)) {
    for (const selector of bornNumerators(rule.expr))
      if (!first.has(keyOf(selector))) first.set(keyOf(selector), rule);
  }
  firstRules.set(file, first);
  return first;
}

function keyOf(selector: VectorSelector): string {
  return selector.matchers.map(formatMatcher).join();
}

function bornNumerators(expr: Expr): VectorSelector[] {
  return hasAbsent(expr) ? [] : errorNumerators(expr);
}

/** Selectors of errors in the numerator of a ratio whose denominator reads the same metric; not behind an `or`. */
function errorNumerators(expr: Expr): VectorSelector[] {
  const inner = unwrapParens(expr);
  if (inner.kind === 'binary' && inner.operator === 'or') return [];
  if (inner.kind !== 'binary' || inner.operator !== '/') return childrenOf(inner).flatMap(errorNumerators);
  const total = selectorsOf(inner.right).map(({ selector }) => selector);
  return ratesOf(inner.left).filter(
    (selector) =>
      errorMatcher(selector) !== undefined &&
      total.some((other) => other.name === selector.name && errorMatcher(other) === undefined),
  );
}

const rates = new Set(['rate', 'irate', 'increase']);

function ratesOf(expr: Expr): VectorSelector[] {
  const inner = unwrapParens(expr);
  if (inner.kind === 'binary' && inner.operator === 'or') return [];
  if (inner.kind === 'call' && rates.has(inner.name))
    return selectorsOf(inner).map(({ selector }) => selector);
  return childrenOf(inner).flatMap(ratesOf);
}

function errorMatcher({ matchers }: VectorSelector): string | undefined {
  const found = matchers.find(isError);
  return found && `${found.name}${found.operator}${JSON.stringify(found.value)}`;
}

function isError({ name, operator, value }: Matcher): boolean {
  if (!statusLabel.test(name)) return false;
  return operator.startsWith('=') ? errorValue.test(value) : goodValue.test(value);
}

function hasAbsent(expr: Expr): boolean {
  if (expr.kind === 'call' && expr.name.startsWith('absent')) return true;
  return childrenOf(expr).some(hasAbsent);
}

function absentElsewhere(files: readonly RuleFile[], metric: string): boolean {
  const rules = files.flatMap(({ groups }) => groups.flatMap((group) => group.rules));
  return rules.some(({ kind, expr }) => {
    const uses = kind === 'alerting' ? selectorsOf(expr) : [];
    return uses.some(({ onlyInAbsent, selector }) => onlyInAbsent && selector.name === metric);
  });
}
