// Alert states beside promtool: random series through rules with for and keep_firing_for. What our evaluator says
// fires at each minute is written down as promtool's expectation.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { describeWith } from '../support/requires.ts';
import { GroupRun } from './support.ts';

const minutes = 40;

const rules = `
groups:
  - name: g
    rules:
      - {record: "job:x:max", expr: max by (job) (x)}
      - {alert: Now, expr: x > 0.5, annotations: {value: "{{ $value }} {{ $labels.i }}"}}
      - {alert: Slow, expr: x > 0.5, for: 3m, labels: {severity: page, of: "{{ $labels.i }}"}}
      - {alert: Held, expr: x > 0.5, keep_firing_for: 2m}
      - {alert: Both, expr: "job:x:max > 0.7", for: 2m, keep_firing_for: 3m}
      - {alert: Chained, expr: 'ALERTS{alertname="Slow", alertstate="firing"}', for: 1m}
`;

describeWith(['promtool'], 'alert states beside promtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-promtool-'));
    writeFileSync(join(folder, 'rules.yml'), rules);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([1, 2, 3, 4, 5])('seed %i', (seed) => {
    const random = seededRandom(seed);
    const series = ['a', 'b', 'c'].map((i) => ({
      name: `x{i="${i}",job="${i === 'c' ? 'two' : 'one'}"}`,
      values: Array.from({ length: minutes }, () => {
        const draw = random();
        return draw < 0.1 ? undefined : draw < 0.5 ? 0 : Math.round(random() * 100) / 100;
      }),
    }));
    const expected = JSON.stringify({ rule_files: ['rules.yml'], tests: [test(series)] }, null, 1);
    expect(expected).toMatch(/exp_labels/);
    writeFileSync(join(folder, 'test.yml'), expected);
    const result = spawnSync('promtool', ['test', 'rules', join(folder, 'test.yml')], { encoding: 'utf8' });
    expect(result.stderr + result.stdout).toMatch(/SUCCESS/);
  });
});

interface Input {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

function test(series: readonly Input[]): object {
  const run = new GroupRun(rules);
  const alertTests: object[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    const present = series.filter(({ values }) => values[minute] !== undefined);
    run.set(minute, Object.fromEntries(present.map(({ name, values }) => [name, values[minute]!])));
    run.evaluate(minute);
    for (const alertname of ['Now', 'Slow', 'Held', 'Both', 'Chained']) {
      const firing = run.evaluator
        .activeAlerts()
        .filter(({ rule, alert }) => rule.name === alertname && alert.state === 'firing')
        .map(({ alert }) => ({
          exp_labels: alert.labels.without('alertname').toRecord(),
          exp_annotations: alert.annotations,
        }));
      alertTests.push({ eval_time: `${minute}m`, alertname, exp_alerts: firing });
    }
  }
  const inputs = series.map(({ name, values }) => ({
    series: name,
    values: values.map((value) => value ?? 'stale').join(' '),
  }));
  return { interval: '1m', input_series: inputs, alert_rule_test: alertTests };
}
