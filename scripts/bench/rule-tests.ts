// A generated rule file, half recording and half alerting rules as teams write them, and unit tests for it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';

const services = 25;
const tests = 20;
/** Of how many services a test has input: a system is rarely looked at with one part running alone. */
const servicesInTest = 5;

export function writeRuleTests(folder: string): { testFile: string; rules: number; tests: number } {
  writeFileSync(join(folder, 'rules.yml'), ruleFile());
  const testFile = join(folder, 'tests.yml');
  writeFileSync(testFile, stringify(testsFile()));
  return { testFile, rules: services * 4, tests };
}

/** Of each service: a rate and an error ratio that are recorded, and two alerts on them. */
function ruleFile(): string {
  const groups = Array.from({ length: services }, (_, i) => {
    const s = `svc${i}`;
    return `  - name: ${s}
    rules:
      - record: job:${s}_requests:rate5m
        expr: sum by (job, instance) (rate(${s}_requests_total[5m]))
      - record: job:${s}_errors:ratio_rate5m
        expr: >-
          sum by (job) (rate(${s}_requests_total{code=~"5.."}[5m]))
          / sum by (job) (rate(${s}_requests_total[5m]))
      - alert: ${s}Errors
        expr: job:${s}_errors:ratio_rate5m > 0.05
        for: 5m
        labels: {severity: page, service: ${s}}
        annotations:
          summary: '{{ $labels.job }} answers {{ $value | humanizePercentage }} of requests with errors'
      - alert: ${s}NoTraffic
        expr: job:${s}_requests:rate5m == 0
        for: 10m
        labels: {severity: ticket, service: ${s}}
        annotations:
          summary: '{{ $labels.instance }} of {{ $labels.job }} has no traffic'
`;
  });
  return `groups:\n${groups.join('')}`;
}

/** Each test asks for both alerts of one service, and for a recorded series, at several times. */
function testsFile(): object {
  return {
    rule_files: ['rules.yml'],
    evaluation_interval: '1m',
    tests: Array.from({ length: tests }, (_, i) => {
      const s = `svc${i % services}`;
      const running = Array.from({ length: servicesInTest }, (_, n) => `svc${(i + n) % services}`);
      const exp_labels = { severity: 'page', service: s, job: s };
      const exp_annotations = { summary: `${s} answers 10% of requests with errors` };
      return {
        name: `${s} errs`,
        interval: '1m',
        input_series: running.flatMap(inputOf),
        alert_rule_test: [
          { eval_time: '3m', alertname: `${s}Errors`, exp_alerts: [] },
          { eval_time: '30m', alertname: `${s}Errors`, exp_alerts: [{ exp_labels, exp_annotations }] },
          {
            eval_time: '60m',
            alertname: `${s}NoTraffic`,
            exp_alerts: [
              {
                exp_labels: { severity: 'ticket', service: s, job: s, instance: 'c' },
                exp_annotations: { summary: `c of ${s} has no traffic` },
              },
            ],
          },
        ],
        promql_expr_test: [
          {
            expr: `job:${s}_requests:rate5m{instance="a"} * 60`,
            eval_time: '60m',
            exp_samples: [{ labels: `{job="${s}",instance="a"}`, value: 100 }],
          },
        ],
      };
    }),
  };
}

function inputOf(service: string): object[] {
  const series = (instance: string, code: string, values: string) => ({
    series: `${service}_requests_total{job="${service}",instance="${instance}",code="${code}"}`,
    values,
  });
  return [
    series('a', '200', '0+90x60'),
    series('a', '500', '0+10x60'),
    series('b', '200', '0+90x60'),
    series('b', '500', '0+10x60'),
    series('c', '200', '0x60'),
  ];
}
