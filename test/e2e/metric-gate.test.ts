// `firedrill gate` as a pipeline calls it: files in, an exit code and reports out.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { GateReport } from '../../src/slo/gate/gate-report.ts';
import { firedrill, type Workplace, workplace } from '../support/firedrill.ts';

let place: Workplace;

beforeEach(() => {
  place = workplace();
  write('metrics.om', metrics());
  write('slo.yaml', slo);
  write('sli.yaml', sli);
});

afterEach(() => place.remove());

const write = (name: string, text: string) => writeFileSync(join(place.folder, name), text);
const gate = (...args: string[]) => firedrill(place, ['gate', '--source', 'metrics.om', ...args]);

/** An hour in which the last ten minutes have one error in eleven requests; a limit that loses two a minute. */
function metrics(): string {
  const steps = Array.from({ length: 241 }, (_, i) => i);
  const at = (i: number) => 1_763_600_000 + i * 15;
  return [
    '# TYPE http_requests counter',
    ...steps.map((i) => `http_requests_total{code="200"} ${i * 150} ${at(i)}`),
    ...steps.map((i) => `http_requests_total{code="500"} ${Math.max(0, i - 200) * 15} ${at(i)}`),
    '# TYPE pull_counts_remaining gauge',
    ...steps.map((i) => `pull_counts_remaining ${200 - i / 2} ${at(i)}`),
    '# EOF',
    '',
  ].join('\n');
}

const slo = `spec_version: "1.0"
filter: { service: shop }
comparison: { compare_with: single_result, include_result_with_score: pass }
objectives:
  - sli: error_share
    weight: 2
    pass: [{ criteria: ["<=+10%", "<0.2"] }]
  - sli: rate
    pass: [{ criteria: [">5"] }]
total_score: { pass: "90%", warning: "30%" }
`;

const sli = `spec_version: "1.0"
indicators:
  error_share: sum(rate(http_requests_total{code="500"}[$DURATION_SECONDS])) / sum(rate(http_requests_total[$DURATION_SECONDS]))
  rate: sum(rate(http_requests_total[$DURATION_SECONDS]))
`;

test('relative criteria compare with the evaluations that the history kept', async () => {
  const files = ['--slo', 'slo.yaml', '--sli', 'sli.yaml'];
  // The start counts back from the end of the evaluated time.
  for (const to of ['-30m', '-20m'])
    expect((await gate(...files, '--from', '-10m', '--to', to)).exitCode).toBe(0);
  const worse = await gate(...files, '--report', 'junit=gate.xml', '--report', 'markdown=-');
  expect(worse.stdout).toContain('not <=+10% (0, after 0 before)');
  expect(worse.exitCode).toBe(0);
  expect(worse.stdout).toMatch(/^WARNING {2}slo {2}score 33\.3333 % of the 90 % that a pass needs/);
  expect(worse.stdout).toContain('| ❌ | error\\_share | 0.0909091 |');
  expect(readFileSync(join(place.folder, 'gate.xml'), 'utf8')).toContain('failures="1" errors="0"');
  const kept = JSON.parse(readFileSync(join(place.folder, '.firedrill/gates.json'), 'utf8'));
  expect(kept.evaluations).toHaveLength(3);
});

test('what is not there is inconclusive, with the exit code for it', async () => {
  write('sli.yaml', sli.replaceAll('code="500"', 'code="gone"'));
  const { exitCode, stdout } = await gate('--slo', 'slo.yaml', '--sli', 'sli.yaml', '-o', 'json');
  expect(exitCode).toBe(3);
  const report = JSON.parse(stdout) as GateReport;
  expect(report.verdict).toBe('inconclusive');
  expect(report.checks[0]).toMatchObject({ verdict: 'inconclusive', value: null, reason: 'no series' });
});

test('objectives, thresholds, analyses and limits decide together', async () => {
  write(
    'orders.yaml',
    `version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 90
    sli:
      events:
        error_query: sum(rate(http_requests_total{code="500"}[{{.window}}]))
        total_query: sum(rate(http_requests_total[{{.window}}]))
`,
  );
  write(
    'analysis.yaml',
    `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate }
spec:
  args: [{ name: least }]
  metrics:
    - name: rate
      interval: 1m
      count: 5
      successCondition: result[0] > {{args.least}}
      provider: { prometheus: { query: 'sum(rate(http_requests_total[5m]))' } }
`,
  );
  const args = [
    ...['--slo', 'orders.yaml', '--indicator', 'rps=sum(rate(http_requests_total[1m]))'],
    ...['--threshold', 'rps: p(95) < 300', '--analysis', 'analysis.yaml', '--arg', 'least=5'],
    ...['--limit', 'pull_counts_remaining', '--within', '30m'],
  ];
  const good = await gate(...args);
  expect(good.stdout).toMatch(/^PASS/);
  expect(good.exitCode).toBe(0);
  const empty = await gate(...args, '--needs', '30');
  expect(empty.exitCode).toBe(1);
  expect(empty.stdout).toContain(
    '80 left, -10 at the end of the deployment; by this trend nothing is left in 40m',
  );
});

test('bad input is told before anything is asked', async () => {
  const nothing = await gate();
  expect(nothing.exitCode).toBe(2);
  expect(nothing.stderr).toContain('FD764');
  const threshold = await gate('--indicator', 'a=up', '--threshold', 'a: p95 < 3');
  expect(threshold.exitCode).toBe(2);
  expect(threshold.stderr).toContain('FD765');
  write('.broken.json', '{');
  const history = await gate('--slo', 'slo.yaml', '--sli', 'sli.yaml', '--history', '.broken.json');
  expect(history.exitCode).toBe(2);
  expect(history.stderr).toContain('FD763');
});
