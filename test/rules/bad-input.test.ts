// Rules that give far too much: bounded, and told.

import { expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { alertsMax } from '../../src/rules/alert-state.ts';
import { GroupEvaluator } from '../../src/rules/group.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { groupOptions, groupsOf } from './support.ts';
import { runTexts, textOfFailures } from './unit-test/support.ts';

const rules = `
groups:
  - name: g
    rules:
      - alert: Everything
        expr: x > 0
        annotations: {summary: "{{ $labels.i }} is {{ $value }}", more: '{{ range 1000 }}{{ $labels }}{{ end }}'}
      - {alert: One, expr: 'count(x) > 0'}
`;

function storeOf(series: number): SeriesStore {
  const store = new SeriesStore();
  const samples = Array.from({ length: series }, (_, i) => ({
    labels: Labels.from({ __name__: 'x', i: String(i) }),
    value: 1,
  }));
  store.appendBatch({ source: 'test', atMs: 0, samples });
  return store;
}

it('refuses the alerts of a rule that gives 100,000, expands none of their templates, and goes on with the others', () => {
  const store = storeOf(100_000);
  const evaluator = new GroupEvaluator(groupsOf(rules)[0]!, groupOptions);
  const before = store.sampleCount;
  const { failures, transitions } = evaluator.evaluate(0, store, (batch) => store.appendBatch(batch));
  expect(failures).toEqual([
    { rule: 'Everything', reason: `more than ${alertsMax} alerts, there are 100000` },
  ]);
  expect(transitions.map(({ alert }) => alert)).toEqual(['One']);
  expect(evaluator.activeAlerts()).toHaveLength(1);
  expect(store.sampleCount - before).toBe(2);
});

it('forgets the alerts that there were when a rule suddenly gives too many, and says that they ended', () => {
  const text = 'groups: [{name: g, rules: [{alert: E, expr: x > 0}]}]';
  const evaluator = new GroupEvaluator(groupsOf(text)[0]!, groupOptions);
  const few = evaluator.evaluate(0, storeOf(3), () => undefined);
  expect(few.transitions.map(({ kind }) => kind)).toEqual(['firing', 'firing', 'firing']);
  const many = evaluator.evaluate(60_000, storeOf(alertsMax + 1), () => undefined);
  expect(many.failures).toHaveLength(1);
  expect(many.transitions.map(({ kind }) => kind)).toEqual(['resolved', 'resolved', 'resolved']);
});

it('holds a group to its limit', () => {
  const text = 'groups: [{name: g, limit: 2, rules: [{alert: E, expr: x > 0}, {record: r, expr: x}]}]';
  const evaluator = new GroupEvaluator(groupsOf(text)[0]!, groupOptions);
  const { failures } = evaluator.evaluate(0, storeOf(3), () => undefined);
  expect(failures.map(({ reason }) => reason)).toEqual([
    'exceeded limit of 2 with 3 alerts',
    'exceeded limit of 2 with 3 series',
  ]);
});

it.each([
  ['1x99999999', '1000000 values'],
  ['_x99999999', '1000000 values'],
  ['{{count:1}}x99999999', '1000000 values'],
  ['1 2 oops', '"oops" is no value of a series'],
  ['{{count:1 colour:2}}', 'no field "colour"'],
  ['{{buckets:[1 x]}}', '"x" in a histogram is not a number'],
])('fails the test whose values are %s', (values, message) => {
  const tests = { tests: [{ input_series: [{ series: 'x', values }] }] };
  expect(textOfFailures(runTexts({ 'tests.yml': JSON.stringify(tests) }))).toContain(message);
});

it('fails a test that would be evaluated for ever', () => {
  const tests = {
    evaluation_interval: '1ms',
    tests: [{ promql_expr_test: [{ expr: '1', eval_time: '10y' }] }],
  };
  expect(textOfFailures(runTexts({ 'tests.yml': JSON.stringify(tests) }))).toContain(
    'more than 1000000 times',
  );
});

it('fails a rule whose expression takes longer than it may, and goes on with the others', () => {
  const text =
    'groups: [{name: g, rules: [{record: slow, expr: "max_over_time(vector(1)[10d:1s])"}, {record: r, expr: x}]}]';
  let readings = 0;
  const now = () => 60_000 * readings++;
  const evaluator = new GroupEvaluator(groupsOf(text)[0]!, { ...groupOptions, now, queryTimeoutMs: 30_000 });
  const recorded: string[] = [];
  const { failures } = evaluator.evaluate(0, storeOf(1), ({ samples }) => {
    recorded.push(...samples.map(({ labels }) => labels.name));
  });
  expect(failures).toEqual([{ rule: 'slow', reason: 'query timed out in expression evaluation' }]);
  expect(recorded).toEqual(['r']);
});
