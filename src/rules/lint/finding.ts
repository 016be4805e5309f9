// What a lint is given and what it finds. A finding is a diagnostic with a stable code, a severity and a place, and the
// rule that it is about.

import type { ErrorCode } from '../../base/catalogue.ts';
import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { Expr } from '../../promql/ast.ts';
import type { Rule, RuleFile, RuleGroup } from '../model.ts';
import type { KnownSeries } from './known-series.ts';

export interface Finding extends Diagnostic {
  readonly at: Place;
  readonly rule: { readonly group: string; readonly name: string };
}

/** What a lint says of one rule; the code is the lint's. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly at: Place;
  readonly expected?: string;
  readonly hint?: string;
}

export interface LintContext {
  /** Undefined when nobody said how often is scraped. */
  readonly scrapeIntervalMs?: number | undefined;
  /** All rules that are loaded together, so that one may read what another records. */
  readonly files: readonly RuleFile[];
  /** What the source holds; undefined when none was named. */
  readonly series?: KnownSeries | undefined;
  /** Labels that Prometheus adds to every alert; undefined when they are not known. */
  readonly externalLabels?: LabelRecord | undefined;
}

export interface Lint {
  readonly code: ErrorCode;
  check(rule: Rule, group: RuleGroup, context: LintContext): readonly Problem[] | Promise<readonly Problem[]>;
}

/** The place of a part of the rule's expression. */
export function placeOfExpr(rule: Rule, { start, end }: Pick<Expr, 'start' | 'end'>): Place {
  return rule.placeInExpr(start, Math.max(1, end - start));
}

const scrapeIntervalMsDefault = 15_000;

/** A group that is evaluated more often than the default would not be, if its metrics were not scraped as often. */
export function scrapeIntervalOf(group: RuleGroup, { scrapeIntervalMs }: LintContext): number {
  return scrapeIntervalMs ?? Math.min(scrapeIntervalMsDefault, group.intervalMs ?? scrapeIntervalMsDefault);
}
