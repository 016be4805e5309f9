// Proof of life: an alert whose selectors find no series cannot ring, however broken the system is.

import { nearest } from '../../base/diagnostics.ts';
import { metricName } from '../../base/labels.ts';
import { createMatcher, formatMatcher, type Matcher } from '../../base/matcher.ts';
import { parseExpr } from '../../promql/parser.ts';
import { selectorsOf } from '../../promql/walk.ts';
import { present, type Queryable, type SeriesView } from '../../telemetry/metrics/series.ts';
import type { PlannedRule } from '../timeline.ts';
import type { RunFacts } from './facts.ts';

export interface DeadSelector {
  readonly text: string;
  /** Which part of it matches nothing, and what comes nearest. */
  readonly why: string;
}

/** Of one rule, the selectors that found no sample in the whole run. What stands only in absent() is exempt. */
export function deadSelectorsOf(rule: PlannedRule, facts: RunFacts, recording: Queryable): DeadSelector[] {
  const parsed = parseExpr(rule.expr, facts);
  if (!parsed.ok) return [];
  const find = finder(recording, facts.startedAt, facts.endedAt);
  const texts = new Map(
    selectorsOf(parsed.expr)
      .filter((use) => !use.onlyInAbsent && find(use.matchers).length === 0)
      .map((use) => [printSelector(use.matchers), use.matchers]),
  );
  return [...texts].map(([text, matchers]) => ({ text, why: whyEmpty(matchers, find) }));
}

/** Why nothing matches between the two times: which part of the selector is to blame, and what comes nearest. */
export function whySelectorEmpty(
  matchers: readonly Matcher[],
  recording: Queryable,
  fromMs: number,
  toMs: number,
): string {
  return whyEmpty(matchers, finder(recording, fromMs, toMs));
}

function finder(recording: Queryable, fromMs: number, toMs: number): Find {
  return (matchers) => recording.select(matchers, fromMs, toMs).filter(hasSample);
}

export function hasSample(view: SeriesView): boolean {
  for (let i = view.first; i < view.last; i++) if (view.states[i - view.offset] === present) return true;
  return false;
}

function printSelector(matchers: readonly Matcher[]): string {
  const name = matchers.find((matcher) => matcher.name === metricName && matcher.operator === '=');
  const rest = matchers.filter((matcher) => matcher !== name).map(formatMatcher);
  return `${name?.value ?? ''}${rest.length > 0 || !name ? `{${rest.join(', ')}}` : ''}`;
}

type Find = (matchers: readonly Matcher[]) => SeriesView[];

function whyEmpty(matchers: readonly Matcher[], find: Find): string {
  const names = matchers.filter((matcher) => matcher.name === metricName);
  if (names.length > 0 && find(names).length === 0) return unknownName(names[0]!, find);
  const others = matchers.filter((matcher) => matcher.name !== metricName);
  for (const culprit of others) {
    const rest = find(matchers.filter((matcher) => matcher !== culprit));
    if (rest.length > 0) return unknownValue(culprit, rest);
  }
  return 'each of its labels exists, but no series carries them all';
}

function unknownName(matcher: Matcher, find: Find): string {
  const names = new Set(find([createMatcher(metricName, '=~', '.+')]).map((view) => view.labels.name));
  if (names.size === 0) return 'nothing was recorded at all';
  const similar = nearest(matcher.value, names);
  return `there is no metric ${matcher.value}${similar === undefined ? '' : `; the nearest is ${similar}`}`;
}

const valuesShownMax = 3;

/** `rest` are the series that everything but the culprit matches. */
function unknownValue(culprit: Matcher, rest: readonly SeriesView[]): string {
  const values = new Set(rest.map((view) => view.labels.get(culprit.name)).filter((value) => value !== ''));
  if (values.size === 0) {
    const similar = nearest(
      culprit.name,
      new Set(rest.flatMap((view) => view.labels.pairs.map(([name]) => name))),
    );
    return `no such series has a label ${culprit.name}${similar === undefined ? '' : `; the nearest is ${similar}`}`;
  }
  const shown = (value: string) => `${culprit.name}="${value}"`;
  const similar = nearest(culprit.value, values);
  if (similar !== undefined && similar !== culprit.value) {
    return `nothing has ${formatMatcher(culprit)}; the nearest existing value is ${shown(similar)}`;
  }
  const some = [...values].sort().slice(0, valuesShownMax).map(shown);
  const more = values.size > some.length ? ` and ${values.size - some.length} more` : '';
  return `nothing has ${formatMatcher(culprit)}; there is ${some.join(', ')}${more}`;
}
