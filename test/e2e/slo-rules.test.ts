// `firedrill slo rules` as a user calls it.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policiesOfOpenSlo as text } from '../slo/rules/openslo-policies.ts';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;

beforeEach(() => {
  place = workplace();
});

afterEach(() => place.remove());

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

const pyrra = (name: string, target: string, window: string) => `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: { name: ${name}, namespace: shop }
spec:
  target: "${target}"
  window: ${window}
  indicator: { ratio: { errors: { metric: 'hits_total{code="500"}' }, total: { metric: hits_total } } }
`;

it("a file of Pyrra becomes Pyrra's rules, which check accepts, and objects when they are asked for", async () => {
  writeFileSync(join(place.folder, 'slo.yaml'), pyrra('web', '99', '28d'));
  const run = await firedrill(place, ['slo', 'rules', 'slo.yaml', '--generic', '--to', 'rules.yaml']);
  expect(run).toMatchObject({ exitCode: 0, stderr: '' });
  const rules = parse(readFileSync(join(place.folder, 'rules.yaml'), 'utf8'));
  expect(rules.groups.map(({ name }: { name: string }) => name)).toEqual([
    'web-increase',
    'web',
    'web-generic',
  ]);
  expect((await firedrill(place, ['check', 'slo.yaml', 'rules.yaml'])).exitCode).toBe(0);
  const object = parse((await firedrill(place, ['slo', 'rules', 'slo.yaml', '--operator-rule'])).stdout);
  expect(object).toMatchObject({ kind: 'PrometheusRule', metadata: { name: 'web', namespace: 'shop' } });
});

it('an objective that a style cannot express is refused at its place', async () => {
  writeFileSync(join(place.folder, 'slo.yaml'), text);
  const run = await firedrill(place, ['slo', 'rules', 'slo.yaml', '--style', 'pyrra']);
  expect(run).toMatchObject({ exitCode: 2, stdout: '' });
  expect(run.stderr).toContain('slo.yaml:3:19: error FD857: web-availability: ');
  writeFileSync(join(place.folder, 'short.yaml'), pyrra('web', '99', '1d'));
  expect((await firedrill(place, ['check', 'short.yaml'])).stderr).toContain('warning FD857');
  expect((await firedrill(place, ['slo', 'rules', 'short.yaml'])).exitCode).toBe(2);
});

it('alerts that can never fire are named, with the objective that would be reachable', async () => {
  const sloth = `version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 90
    sli: { events: { error_query: 'sum(rate(e[{{.window}}]))', total_query: 'sum(rate(t[{{.window}}]))' } }
    alerting: { name: Orders }
`;
  writeFileSync(join(place.folder, 'sloth.yaml'), sloth);
  writeFileSync(join(place.folder, 'pyrra.yaml'), pyrra('web', '90', '28d'));
  writeFileSync(join(place.folder, 'openslo.yaml'), text.replace('target: 0.995', 'target: 0.93'));
  writeFileSync(join(place.folder, 'nameless.yaml'), sloth.replace('name: Orders', ''));
  expect((await firedrill(place, ['slo', 'rules', 'nameless.yaml'])).stderr).toContain('have no name');
  const run = await firedrill(place, ['slo', 'rules', 'sloth.yaml', 'pyrra.yaml', 'openslo.yaml']);
  expect(run.exitCode).toBe(0);
  const warnings = run.stderr.split('\n').filter((line) => line.includes('FD310'));
  expect(warnings).toEqual([
    'sloth.yaml:4:11: warning FD310: shop-orders: the alert Orders (page, quick: 5m and 1h) can never fire: 14.4 times the error budget of 10 % is 144 % of errors',
    'pyrra.yaml:3:19: warning FD310: web: the alert ErrorBudgetBurn (fastBurn: 5m and 1h) can never fire: 14 times the error budget of 10 % is 140 % of errors',
    'openslo.yaml:3:19: warning FD310: web-availability: the alert fast-burn (1h) can never fire: 14.4 times the error budget of 7 % is 100.8 % of errors',
  ]);
  expect(run.stderr.match(/expected: .*/g)).toEqual([
    'expected: a target above 93.06 %',
    'expected: a target above 92.86 %',
    'expected: a target above 93.06 %',
  ]);
  // Three documents of one file: Prometheus would read the first.
  expect(run.stderr).toContain('3 rule files');
});
