// Which inhibition rule let one alert hold another back, by the configuration: Alertmanager itself does not say.

import { AlertMatcher, matchersText } from '../../alertmanager/matcher/matcher.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { PlannedInhibition, PlannedMatcher } from '../timeline.ts';

/** `{alertname="NodeDown"} holds {job="app"} back with equal cluster`; undefined where no rule is known. */
export function inhibitionRule(
  rules: readonly PlannedInhibition[],
  source: LabelRecord,
  target: LabelRecord,
): string | undefined {
  const rule = rules.find(
    (each) =>
      takes(each.source, source) &&
      takes(each.target, target) &&
      each.equal.every((name) => (source[name] ?? '') === (target[name] ?? '')),
  );
  if (!rule) return undefined;
  const equal = rule.equal.length > 0 ? ` with equal ${rule.equal.join(', ')}` : '';
  return `${textOf(rule.source)} holds ${textOf(rule.target)} back${equal}`;
}

export function matchersOf(planned: readonly PlannedMatcher[]): AlertMatcher[] {
  return planned.map(({ name, operator, value }) => new AlertMatcher(name, operator, value));
}

function takes(planned: readonly PlannedMatcher[], labels: LabelRecord): boolean {
  return matchersOf(planned).every((matcher) => matcher.matches(labels[matcher.name] ?? ''));
}

function textOf(planned: readonly PlannedMatcher[]): string {
  return matchersText(matchersOf(planned));
}
