// `firedrill test rules` as a user starts it: exit codes, what it prints, the JUnit file.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';

const rules = `
groups:
  - name: g
    rules:
      - {record: "job:errors:rate5m", expr: 'sum by (job) (rate(errors_total[5m]))'}
      - alert: Errors
        expr: job:errors:rate5m > 0.1
        for: 2m
        labels: {severity: page}
        annotations: {summary: '{{ $labels.job }} has {{ $value }} errors a second'}
`;

const tests = (summary: string) => `
rule_files: [rules*.yml]
tests:
  - name: it pages
    input_series:
      - {series: 'errors_total{job="shop"}', values: '0+60x10'}
    alert_rule_test:
      - eval_time: 6m
        alertname: Errors
        exp_alerts:
          - exp_labels: {severity: page, job: shop}
            exp_annotations: {summary: '${summary}'}
  - name: nothing without errors
    promql_expr_test:
      - {expr: 'job:errors:rate5m', eval_time: 5m}
`;

let place: Workplace;
beforeAll(() => {
  place = workplace();
  writeFileSync(join(place.folder, 'rules.yml'), rules);
  writeFileSync(join(place.folder, 'good.yml'), tests('shop has 1 errors a second'));
  writeFileSync(join(place.folder, 'bad.yml'), tests('shop has 2 errors a second'));
  writeFileSync(join(place.folder, 'broken.yml'), 'tests: [{name: x, inputs: []}]\n');
});
afterAll(() => place.remove());

const run = (...args: string[]) => firedrill(place, ['test', 'rules', ...args]);

it('ends with 0 when all tests of all files pass', async () => {
  const { exitCode, stdout, stderr } = await run('good.yml', 'good.yml');
  expect([exitCode, stderr]).toEqual([0, '']);
  expect(stdout.match(/SUCCESS/g)).toHaveLength(2);
});

it('says what was expected, what came, where, and what differs', async () => {
  const { exitCode, stderr } = await run('bad.yml');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('name: it pages');
  expect(stderr).toContain('alertname: Errors, time: 6m, at: bad.yml:8');
  expect(stderr).toContain(
    'differs: annotation summary: expected "shop has 2 errors a second", got "shop has 1 errors a second"',
  );
  expect(stderr).not.toContain('nothing without errors');
});

it('shows a difference line by line', async () => {
  const { stderr } = await run('--diff', 'bad.yml');
  expect(stderr).toMatch(/-\s+summary: "shop has 2 errors a second"/);
  expect(stderr).toMatch(/\+\s+summary: "shop has 1 errors a second"/);
  expect(stderr).toMatch(/\n\s+severity: "page"/);
});

it('runs the tests whose names match, and only those', async () => {
  expect((await run('--run', '^nothing', 'bad.yml')).exitCode).toBe(0);
  expect((await run('--run', '^nothing', '--run', 'pages$', 'bad.yml')).exitCode).toBe(1);
  const { exitCode, stderr } = await run('--run', '(', 'bad.yml');
  expect([exitCode, stderr.includes('FD105')]).toEqual([2, true]);
});

it('ends with 1 for files that cannot be read, as promtool does, and tests the others', async () => {
  const { exitCode, stdout, stderr } = await run('nowhere.yml', 'broken.yml', 'good.yml');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('nowhere.yml cannot be read');
  expect(stderr).toContain('broken.yml:1:19: error FD106: unknown key "inputs" in tests[0]');
  expect(stdout.match(/SUCCESS/g)).toHaveLength(1);
});

it('writes JUnit XML with a suite a file and a case a test', async () => {
  const { exitCode } = await run('--junit', 'out.xml', 'good.yml', 'bad.yml', 'broken.yml');
  expect(exitCode).toBe(1);
  const xml = readFileSync(join(place.folder, 'out.xml'), 'utf8');
  expect(xml).toMatch(/<testsuite name="good.yml" tests="2" failures="0" errors="0"/);
  expect(xml).toMatch(/<testsuite name="bad.yml" tests="2" failures="1" errors="0"/);
  expect(xml).toMatch(/<testsuite name="broken.yml" tests="1" failures="0" errors="1"/);
  expect(xml).toContain('<failure>    alertname: Errors, time: 6m');
});

it('prints all series with --debug, also those of rules that no assertion reaches', async () => {
  const { stderr } = await run('--debug', '--run', 'it pages', 'good.yml');
  expect(stderr).toMatch(/DEBUG: test it pages took/);
  expect(stderr).toContain(
    'ALERTS{alertname="Errors", alertstate="pending", job="shop", severity="page"} =>',
  );
  expect(stderr).toContain('1 @[300]');
});
