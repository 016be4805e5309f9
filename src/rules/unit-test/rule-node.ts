// A rule beside what it writes: which selectors may find it.

import { metricName } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import type { Rule, RuleGroup } from '../model.ts';

/** The series that alerting rules write. */
export const alertSeries: readonly string[] = ['ALERTS', 'ALERTS_FOR_STATE'];

export interface RuleNode {
  readonly rule: Rule;
  readonly group: RuleGroup;
  /** Of the rule in its group. */
  readonly index: number;
  /** Place in the order of evaluation. */
  readonly order: number;
}

export function ruleNodes(groups: readonly RuleGroup[]): RuleNode[] {
  return groups
    .flatMap((group) => group.rules.map((rule, index) => ({ rule, group, index })))
    .map((node, order) => ({ ...node, order }));
}

/** Whether the matchers can match a series that the rule writes; labels that its expression brings may be anything. */
export function mayFind(matchers: readonly Matcher[], { rule }: RuleNode): boolean {
  const names = rule.kind === 'recording' ? [rule.name] : alertSeries;
  return names.some((name) => matchers.every((matcher) => mayMatch(matcher, rule, name)));
}

function mayMatch(matcher: Matcher, rule: Rule, series: string): boolean {
  if (matcher.name === metricName) return matcher.matches(series);
  if (rule.kind === 'recording')
    return !Object.hasOwn(rule.labels, matcher.name) || matcher.matches(rule.labels[matcher.name]!);
  if (matcher.name === 'alertname') return matcher.matches(rule.name);
  if (matcher.name === 'alertstate' && series === 'ALERTS')
    return matcher.matches('pending') || matcher.matches('firing');
  const label = rule.labels[matcher.name];
  return label === undefined || label.includes('{{') || matcher.matches(label);
}
