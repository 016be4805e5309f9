// FD319 and FD320: alerts that no route takes but the root, and whether it is an aggregation that keeps one from its
// route. What is not known of an alert's labels counts as matching.

import type { LabelRecord } from '../../base/labels.ts';
import { selectorsOf } from '../../promql/walk.ts';
import { type Lint, type LintContext, type Problem, placeOfExpr } from '../../rules/lint/finding.ts';
import type { ResultLabels } from '../../rules/lint/result-labels.ts';
import { dropperOf, resultLabels } from '../../rules/lint/result-labels.ts';
import type { AlertingRule, Rule } from '../../rules/model.ts';
import type { Route } from '../dispatch/route.ts';
import { type AlertMatcher, matchersText } from '../matcher/matcher.ts';

/** A value, '' for none, undefined when it cannot be told. */
type LabelValue = string | undefined;

/** Labels that teams often add to all alerts in Prometheus's `external_labels`. */
const oftenExternal = new Set([
  'cluster',
  'replica',
  'prometheus',
  'prometheus_replica',
  'region',
  'zone',
  'environment',
]);
for (const name of ['env', 'datacenter', 'dc', 'monitor', 'tenant', 'receive', '__replica__'])
  oftenExternal.add(name);

export function unroutedLint(root: Route): Lint {
  return { code: 'FD320', check: (rule, _group, context) => unrouted(root, rule, context, false) };
}

export function droppedRouteLabelLint(root: Route): Lint {
  return { code: 'FD319', check: (rule, _group, context) => unrouted(root, rule, context, true) };
}

/** `dropped`: only those alerts that would have a route if an aggregation did not drop a label. */
function unrouted(root: Route, rule: Rule, context: LintContext, dropped: boolean): Problem[] {
  if (rule.kind !== 'alerting' || root.routes.length === 0) return [];
  const labels = resultLabels(rule.expr);
  const known = (name: string): LabelValue => labelValue(rule, labels, name, context.externalLabels);
  const failed = (route: Route): AlertMatcher[] =>
    route.matchers.filter((matcher) => {
      const value = known(matcher.name);
      return value !== undefined && !matcher.matches(value);
    });
  const refusals = root.routes.map((route) => ({ route, matchers: failed(route) }));
  if (refusals.some(({ matchers }) => matchers.length === 0)) return [];
  const selected = selectedNames(rule);
  const byDrop = refusals.find(({ matchers }) =>
    matchers.every(({ name }) => known(name) === '' && selected.has(name)),
  );
  if (dropped !== (byDrop !== undefined)) return [];
  if (byDrop) {
    const [matcher] = byDrop.matchers as [AlertMatcher];
    const at = placeOfExpr(rule, dropperOf(labels, matcher.name) ?? rule.expr);
    const message = `the route ${matchersText(byDrop.route.matchers)} needs the label ${matcher.name}, which is dropped here: only the default route takes the alert`;
    return [{ severity: 'warning', message, at }];
  }
  const nearest = refusals.reduce((best, one) => (one.matchers.length < best.matchers.length ? one : best));
  const [matcher] = nearest.matchers as [AlertMatcher];
  const value = known(matcher.name);
  const has = value === '' ? `has no label ${matcher.name}` : `has ${matcher.name}=${JSON.stringify(value)}`;
  const message = `only the default route takes the alert, to ${JSON.stringify(root.receiver)}: for ${matchersText(nearest.route.matchers)} it ${has}`;
  return [{ severity: 'warning', message, at: rule.place }];
}

/** Labels of the rule come before those of the series, and these before Prometheus's external ones. */
function labelValue(
  rule: AlertingRule,
  labels: ResultLabels,
  name: string,
  externalLabels: LabelRecord | undefined,
): LabelValue {
  if (name === 'alertname') return rule.name;
  const own = rule.labels[name];
  if (own !== undefined) return own.includes('{{') ? undefined : own;
  if (!dropperOf(labels, name)) return undefined;
  if (externalLabels) return externalLabels[name] ?? '';
  return oftenExternal.has(name) ? undefined : '';
}

/** Labels that the expression asks for, and that its series therefore have before they are aggregated. */
function selectedNames(rule: AlertingRule): Set<string> {
  return new Set(selectorsOf(rule.expr).flatMap(({ matchers }) => matchers.map(({ name }) => name)));
}
