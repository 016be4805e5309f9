// rules and alerts, as Prometheus's API shows them.

import { createHash } from 'node:crypto';
import { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import { printExpr } from '../../promql/printer.ts';
import type { AlertingRule, Rule } from '../../rules/model.ts';
import { type Answer, success } from '../http/answer.ts';
import { invalidParameter } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import type { RuleRunner, RunningGroup } from '../rule-runner.ts';
import { goExponent, goTime } from './go-text.ts';
import { selectorParameters } from './parameters.ts';

export function addRuleRoutes(router: Router, runner: RuleRunner): void {
  router.add('GET', '/api/v1/rules', (request) => rules(request, runner));
  router.add('GET', '/api/v1/alerts', () =>
    success({ alerts: runner.groups.flatMap((group) => alertsOf(group, undefined)) }),
  );
}

function rules({ parameters }: ApiRequest, runner: RuleRunner): Answer {
  const wanted = filterOf(parameters);
  const withAlerts = !booleanOf(parameters, 'exclude_alerts');
  const groups = runner.groups.flatMap((running) => {
    const { group, intervalMs } = running.evaluator;
    if (!wanted.group(group.name) || !wanted.file(group.file)) return [];
    const shown = group.rules.filter(wanted.rule).map((rule) => ruleFields(running, rule, withAlerts));
    if (shown.length === 0) return [];
    return [
      {
        name: group.name,
        file: group.file,
        rules: shown,
        interval: intervalMs / 1000,
        limit: group.limit,
        evaluationTime: running.evaluationTimeMs / 1000,
        lastEvaluation: goTime(running.lastEvaluationMs),
      },
    ];
  });
  const { page, next } = paged(groups, parameters);
  return success({ groups: page, ...(next !== undefined && { groupNextToken: next }) });
}

interface Filter {
  group(name: string): boolean;
  file(path: string): boolean;
  rule(rule: Rule): boolean;
}

function filterOf(parameters: URLSearchParams): Filter {
  const type = parameters.get('type')?.toLowerCase() ?? '';
  if (!['', 'alert', 'record'].includes(type))
    throw invalidParameter('type', `not supported value ${JSON.stringify(type)}`);
  const one = (name: string) => {
    const values = parameters.getAll(`${name}[]`);
    return (value: string) => values.length === 0 || values.includes(value);
  };
  const named = one('rule_name');
  const selectors = selectorParameters(parameters);
  return {
    group: one('rule_group'),
    file: one('file'),
    rule: (rule) => {
      if (type === 'alert' && rule.kind !== 'alerting') return false;
      if (type === 'record' && rule.kind !== 'recording') return false;
      if (!named(rule.name)) return false;
      const labels = Labels.from(rule.labels);
      return selectors.length === 0 || selectors.some((matchers) => matchesAll(matchers, labels));
    },
  };
}

function booleanOf(parameters: URLSearchParams, name: string): boolean {
  const text = parameters.get(name) ?? '';
  if (['', '0', 'f', 'false', 'F', 'FALSE', 'False'].includes(text)) return false;
  if (['1', 't', 'true', 'T', 'TRUE', 'True'].includes(text)) return true;
  throw invalidParameter(name, `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** `group_limit` groups at a time; the token names the group with which the next page begins. */
function paged<T extends { readonly name: string; readonly file: string }>(
  groups: readonly T[],
  parameters: URLSearchParams,
): { page: readonly T[]; next?: string } {
  const limitText = parameters.get('group_limit');
  const token = parameters.get('group_next_token');
  if (!limitText) {
    if (token)
      throw invalidParameter(
        'group_next_token',
        'group_limit needs to be present in order to paginate over the groups',
      );
    return { page: groups };
  }
  const limit = Number(limitText);
  if (!/^[+-]?\d+$/.test(limitText)) {
    const reason = `strconv.ParseInt: parsing ${JSON.stringify(limitText)}: invalid syntax`;
    throw invalidParameter('group_limit', `group_limit needs to be a valid number: ${reason}`);
  }
  if (limit <= 0) throw invalidParameter('group_limit', 'group_limit needs to be greater than 0');
  const from = token ? groups.findIndex((group) => tokenOf(group) === token) : 0;
  if (from < 0)
    throw invalidParameter(
      'group_next_token',
      `invalid group_next_token '${token}'. were rule groups changed?`,
    );
  const page = groups.slice(from, from + limit);
  const following = groups[from + limit];
  return following ? { page, next: tokenOf(following) } : { page };
}

/** Stays the same while groups come and go around it. */
function tokenOf({ file, name }: { readonly file: string; readonly name: string }): string {
  return createHash('sha256').update(`${file};${name}`).digest('hex');
}

function ruleFields(running: RunningGroup, rule: Rule, withAlerts: boolean): Record<string, unknown> {
  const { health, lastError, evaluationTimeMs, lastEvaluationMs } = running.stateOf(rule);
  const error = lastError === '' ? {} : { lastError };
  const common = {
    name: rule.name,
    query: printExpr(rule.expr),
    labels: rule.labels,
    health,
    ...error,
    evaluationTime: evaluationTimeMs / 1000,
    lastEvaluation: goTime(lastEvaluationMs),
  };
  if (rule.kind === 'recording') return { ...common, type: 'recording' };
  const active = alertsOf(running, rule);
  const states = active.map(({ state }) => state);
  const state = states.includes('firing') ? 'firing' : states.includes('pending') ? 'pending' : 'inactive';
  return {
    state,
    ...common,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringForMs / 1000,
    annotations: rule.annotations,
    alerts: withAlerts ? active : [],
    type: 'alerting',
  };
}

function alertsOf(running: RunningGroup, wanted: AlertingRule | undefined) {
  return running.evaluator
    .activeAlerts()
    .filter(({ rule }) => wanted === undefined || rule === wanted)
    .map(({ alert }) => ({
      labels: alert.labels.toRecord(),
      annotations: alert.annotations,
      state: alert.state,
      activeAt: goTime(alert.activeAt),
      ...(alert.keepFiringSince !== undefined && { keepFiringSince: goTime(alert.keepFiringSince) }),
      value: goExponent(alert.value),
    }));
}
