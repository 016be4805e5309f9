// The fast way beside the slow one: what an assertion reaches, over all steps at once, gives what evaluating everything
// step by step gives: the same failures with the same values.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { runTexts, textOfFailures } from './support.ts';

const metrics = ['x', 'y', 'r0', 'r1', 'r2', 'r3', 'r4', 'ALERTS'];

const selector = fc
  .tuple(
    fc.constantFrom(...metrics),
    fc.constantFrom('', '{a="1"}', '{a!="1"}', '{b=~"p|q"}', '{alertname="A0"}'),
  )
  .map(([name, labels]) => name + labels);
const anySelector = fc.oneof(
  { weight: 12, arbitrary: selector },
  { weight: 1, arbitrary: fc.constantFrom('{__name__=~"r.*"}', '{a="1"}', '{__name__=~".+"}') },
);

const expression: fc.Arbitrary<string> = fc.letrec<{ expr: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    anySelector,
    anySelector.map((each) => `rate(${each}[3m])`),
    selector.map((each) => `${each} offset 2m`),
    fc.constantFrom('1', 'time()', 'vector(3)', 'x offset -1m', 'r1 @ 120', 'absent(y)', 'scalar(x)'),
    fc
      .tuple(fc.constantFrom('sum', 'count', 'max', 'topk(1, ', 'count_values("v", '), tie('expr'))
      .map(([operator, inner]) =>
        operator.endsWith(' ') ? `${operator}${inner})` : `${operator} by (a) (${inner})`,
      ),
    fc
      .tuple(
        fc.constantFrom('+', '>', '> bool', '==', 'and', 'or', 'unless', '/ on (a)', '* on (a) group_left'),
        tie('expr'),
        tie('expr'),
      )
      .map(([operator, left, right]) => `(${left} ${operator} ${right})`),
    tie('expr').map((inner) => `max_over_time((${inner})[4m:])`),
    tie('expr').map((inner) => `label_replace(${inner}, "a", "9", "b", "q")`),
    tie('expr').map((inner) => `abs(${inner})`),
  ),
})).expr;

const durations = fc.constantFrom('0m', '1m', '3m');

const rule = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), expression, fc.constantFrom({}, {}, { a: '1' }, { c: 'new' }))
    .map(([n, expr, labels]) => ({ record: `r${n}`, expr, labels })),
  fc
    .tuple(
      fc.integer({ min: 0, max: 2 }),
      expression,
      durations,
      durations,
      fc.constantFrom({}, { a: '{{ $value }}' }, { s: 'page' }, { b: 'z' }),
    )
    .map(([n, expr, forText, keep, labels]) => ({
      alert: `A${n}`,
      expr,
      for: forText,
      keep_firing_for: keep,
      labels,
      annotations: { v: '{{ $labels.a }} {{ $value }}' },
    })),
);

const groups = fc
  .array(
    fc.tuple(
      fc.array(rule, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(0, 0, 0, 2),
      fc.constantFrom('0s', '0s', '0s', '1m'),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((lists) =>
    lists.map(([rules, limit, query_offset], i) => ({ name: `g${i}`, limit, query_offset, rules })),
  );

const point = fc.constantFrom('0', '1', '2', '5', '_', '_', 'stale', '3x2', '1+2x3');
const inputs = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom('x{a="1",b="p"}', 'x{a="2",b="p"}', 'y{a="1",b="q"}', 'y{a="1",b="p"}', 'x', 'r0{a="7"}'),
    fc.array(point, { minLength: 1, maxLength: 8 }),
  ),
  { selector: ([series]) => series, maxLength: 4 },
);

const test = fc.record({
  inputs,
  alerts: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 11 })), {
    maxLength: 3,
  }),
  exprs: fc.array(fc.tuple(expression, fc.integer({ min: 0, max: 11 })), { maxLength: 3 }),
});

/** Nothing fires and nothing comes is expected, so that whatever there is shows in the failures. */
function filesOf(
  ruleGroups: object,
  { inputs, alerts, exprs }: typeof test extends fc.Arbitrary<infer T> ? T : never,
) {
  const tests = [
    {
      interval: '1m',
      input_series: inputs.map(([series, points]) => ({ series, values: points.join(' ') })),
      alert_rule_test: alerts.map(([n, at]) => ({
        eval_time: `${at}m30s`,
        alertname: `A${n}`,
        exp_alerts: [],
      })),
      promql_expr_test: exprs.map(([expr, at]) => ({ expr, eval_time: `${at}m15s`, exp_samples: [] })),
    },
  ];
  return {
    'rules.yml': JSON.stringify({ groups: ruleGroups }),
    'tests.yml': JSON.stringify({ rule_files: ['rules.yml'], tests }),
  };
}

it('gives what evaluating everything step by step gives', () => {
  let differing = 0;
  fc.assert(
    fc.property(groups, test, (ruleGroups, one) => {
      const files = filesOf(ruleGroups, one);
      const fast = textOfFailures(runTexts(files));
      const slow = textOfFailures(runTexts(files, { everything: true }));
      if (slow !== '') differing++;
      expect(fast).toBe(slow);
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 400), seed: 7 },
  );
  expect(differing).toBeGreaterThan(100);
});
