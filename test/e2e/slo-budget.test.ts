// `firedrill slo budget` and `gate --before-deploy` as a pipeline calls them: files in, an exit code and reports out.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Budget } from '../../src/slo/budget/budget.ts';
import type { GateReport } from '../../src/slo/gate/gate-report.ts';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;

beforeEach(() => {
  place = workplace();
  writeFileSync(join(place.folder, 'metrics.om'), metrics());
  writeFileSync(join(place.folder, 'slo.yaml'), slo('shop', 'http_requests_total'));
  writeFileSync(join(place.folder, 'gone.yaml'), slo('gone', 'nothing_total'));
});

afterEach(() => place.remove());

const budget = (...args: string[]) => firedrill(place, ['slo', 'budget', '--source', 'metrics.om', ...args]);
const gate = (...args: string[]) =>
  firedrill(place, ['gate', '--before-deploy', '--source', 'metrics.om', '--slo', 'slo.yaml', ...args]);

/** Six hours without an error, but in the last one of which a twentieth fails; a limit that hardly falls. */
function metrics(): string {
  const steps = Array.from({ length: 361 }, (_, i) => i);
  const at = (i: number) => 1_763_596_800 + i * 60;
  const bad = (i: number) => Math.max(0, i - 300) * 5;
  return [
    '# TYPE http_requests counter',
    ...steps.map((i) => `http_requests_total{code="200"} ${1_000_000 + i * 100 - bad(i)} ${at(i)}`),
    ...steps.map((i) => `http_requests_total{code="500"} ${1_000_000 + bad(i)} ${at(i)}`),
    '# TYPE pull_counts_remaining gauge',
    ...steps.map((i) => `pull_counts_remaining ${1000 - i / 10} ${at(i)}`),
    '# EOF',
    '',
  ].join('\n');
}

/** 98 % over twelve hours, of which there are six. */
function slo(name: string, metric: string): string {
  const source = (query: string) => `{ metricSource: { type: Prometheus, spec: { query: '${query}' } } }`;
  return `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: shop
  indicator:
    metadata: { name: ${name} }
    spec:
      ratioMetric:
        counter: true
        bad: ${source(`${metric}{code="500"}`)}
        total: ${source(metric)}
  timeWindow: [{ duration: 12h, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.98 }]
`;
}

test('budgets are told as a table, as JSON and as a page', async () => {
  const text = await budget('slo.yaml', 'gone.yaml', '--report', 'html=budgets.html');
  expect(text.exitCode).toBe(0);
  expect(text.stdout).toMatch(/^shop {2}58\.\d % left/);
  expect(text.stdout).toContain('98 % over 12h, measured 99.17 %, data of 6h of 12h');
  expect(text.stdout).toMatch(
    /burns at {2}5m 2\.5 {2}30m 2\.5 {2}1h 2\.\d+ {2}2h 1\.\d+ {2}6h 0\.4\d+ {2}window 0\.4\d+\*/,
  );
  expect(text.stdout).toContain('no series');
  const page = readFileSync(join(place.folder, 'budgets.html'), 'utf8');
  expect(page).toContain('Error budgets: 0 of 2 exhausted, 1 without data');
  const json = await budget('slo.yaml', '--output', 'json', '--curve-step', '2h');
  const { budgets } = JSON.parse(json.stdout) as { budgets: Budget[] };
  expect(budgets[0]).toMatchObject({ id: 'shop', status: 'left', window: { text: '12h' } });
  expect(budgets[0]!.curve).toHaveLength(7);
});

test('the time can be one of the past', async () => {
  const { stdout } = await budget('slo.yaml', '--at', '-1h', '--output', 'json');
  expect((JSON.parse(stdout) as { budgets: Budget[] }).budgets[0]!.left).toBeCloseTo(1, 9);
});

test('an exit code is asked for with a bound', async () => {
  expect((await budget('slo.yaml', '--fail-below', '50')).exitCode).toBe(0);
  expect((await budget('slo.yaml', '--fail-below', '90')).exitCode).toBe(1);
  expect((await budget('slo.yaml', 'gone.yaml', '--fail-below', '50')).exitCode).toBe(3);
  expect((await budget('gone.yaml')).exitCode).toBe(3);
  const refused = await budget('slo.yaml', '--fail-below', 'half');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('FD904');
  expect((await budget('slo.yaml', '--report', 'pdf=a.pdf')).stderr).toContain('FD105');
});

test('a deployment does not start when too little is left', async () => {
  const enough = await gate('--limit', 'pull_counts_remaining', '--output', 'json');
  expect(enough.exitCode).toBe(0);
  const report = JSON.parse(enough.stdout) as GateReport;
  expect(report.checks.map(({ verdict }) => verdict)).toEqual(['pass', 'pass']);
  expect(report.checks[0]!.reason).toMatch(
    /^58\.\d % left of 6h of data, exhausted in \dh\d\dm at the rate of 1h$/,
  );
  const little = await gate('--min-budget', '75%');
  expect(little.exitCode).toBe(1);
  expect(little.stdout).toMatch(/58\.\d % left of 6h of data, less than 75 %/);
});

test('nor when what is left will be gone before it has ended', async () => {
  expect((await gate('--within', '10h')).exitCode).toBe(1);
  expect((await gate('--limit', 'pull_counts_remaining', '--floor', '970')).exitCode).toBe(1);
});

test('nor is it known whether it may without data', async () => {
  const { exitCode, stdout } = await gate('--slo', 'gone.yaml');
  expect(exitCode).toBe(3);
  expect(stdout).toContain('no series');
});
