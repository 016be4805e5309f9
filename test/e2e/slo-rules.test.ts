// `firedrill slo rules` as a user calls it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;

beforeEach(() => {
  place = workplace();
});

afterEach(() => place.remove());

const target = (name: string, text: string) =>
  `{ kind: AlertNotificationTarget, metadata: { name: ${name} }, spec: { target: ${text} } }`;

const condition = (name: string, threshold: number) =>
  `{ kind: AlertCondition, metadata: { name: ${name} }, spec: { severity: page, condition: { kind: burnrate, op: gte, threshold: ${threshold}, lookbackWindow: 1h, alertAfter: 2m } } }`;

const text = `apiVersion: openslo/v1
kind: SLO
metadata: { name: web-availability }
spec:
  service: web
  indicator:
    metadata: { name: ok }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'ok_total' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'all_total' } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: Good, target: 0.995 }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: fast-burn, labels: { team: [a, b] } }
      spec:
        alertWhenBreaching: true
        alertWhenNoData: true
        conditions: [${condition('fast', 14.4)}]
        notificationTargets: [${target('on-call', 'pagerduty')}, ${target('chat', 'slack')}]
    - kind: AlertPolicy
      metadata: { name: silent }
      spec:
        conditions: [${condition('slow', 1)}]
        notificationTargets: [${target('mail', 'email')}]
`;

it('rules of alert policies are written by the command, and its rules are what check accepts', async () => {
  writeFileSync(join(place.folder, 'slo.yaml'), text);
  const run = await firedrill(place, [
    'slo',
    'rules',
    'slo.yaml',
    '--to',
    'rules.yaml',
    '--route',
    'am.yaml',
  ]);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  const rules = parse(readFileSync(join(place.folder, 'rules.yaml'), 'utf8'));
  expect(rules.groups[0].name).toBe('slo-web-availability');
  const check = await firedrill(place, ['check', 'rules.yaml', 'am.yaml']);
  expect(check.stdout).toContain('am.yaml: alertmanager: ok');
  expect(check.exitCode).toBe(0);
  const period = await firedrill(place, ['slo', 'rules', 'slo.yaml', '--style', 'sloth', '--period', '5d']);
  expect(period.exitCode).toBe(2);
  expect(period.stderr).toContain('30d, 4w');
});
