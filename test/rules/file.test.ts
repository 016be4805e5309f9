import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/base/diagnostics.ts';
import { printExpr } from '../../src/promql/printer.ts';
import { readRuleFile } from '../../src/rules/file.ts';
import { conformance, conformanceFolder } from '../support/conformance.ts';
import { describeWith } from '../support/requires.ts';
import { groupsOf } from './support.ts';

function mistakes(text: string): string[] {
  const read = readRuleFile('rules.yml', text);
  if (read.ok) return [];
  return read.diagnostics.map(({ code, message, at }) => `${at?.line}:${at?.column} ${code} ${message}`);
}

describe('rule files', () => {
  it('are read with everything that a group and a rule may have', () => {
    const [group] = groupsOf(`
groups:
  - name: api
    interval: 15s
    query_offset: 30s
    limit: 5
    labels: {team: a, tier: 1.50}
    rules:
      - record: job:errors:ratio
        expr: sum by (job) (rate(errors_total[5m]))
      - alert: Errors
        expr: |
          job:errors:ratio
            > 0.1
        for: 1m30s
        keep_firing_for: 5m
        labels: {severity: page, team: b}
        annotations: {summary: "{{ $labels.job }}: {{ $value | humanizePercentage }}"}
`);
    expect(group).toMatchObject({
      name: 'api',
      file: 'rules.yml',
      intervalMs: 15_000,
      queryOffsetMs: 30_000,
      limit: 5,
    });
    const [recording, alerting] = group!.rules;
    expect(recording).toMatchObject({
      kind: 'recording',
      name: 'job:errors:ratio',
      labels: { team: 'a', tier: '1.50' },
    });
    expect(alerting).toMatchObject({
      kind: 'alerting',
      name: 'Errors',
      forMs: 90_000,
      keepFiringForMs: 300_000,
      labels: { severity: 'page', team: 'b', tier: '1.50' },
    });
    expect(printExpr(alerting!.expr)).toBe('job:errors:ratio > 0.1');
    expect(alerting!.place.line).toBe(11);
    expect(alerting!.placeInExpr(alerting!.exprText.indexOf('0.1'), 3)).toMatchObject({
      line: 14,
      column: 15,
      length: 3,
    });
  });

  it('tell all their mistakes at once, each at its place', () => {
    expect(
      mistakes(`
groups:
  - name: a
    interval: -5s
    rules:
      - alert: X
        expr: |
          sum(rate(errors_total[5m]))
            / sum(rate(requests_total[5m])
        fro: 5m
        labels: { "__name__": x, sev: "{{ $vlaue }}" }
        annotations:
          summary: >-
            too many
            {{ $labels.foo | nosuch }}
      - record: "x{a='b'}"
        expr: "1 + \\"a\\""
        for: 1.5h
        annotations: {a: b}
      - expr: 1
      - alert: a
        record: b
        expr:
  - name: a
    rules: [{record: y, expr: [1], labels: [a]}]
`),
    ).toMatchInlineSnapshot(`
      [
        "4:15 FD112 groups[0].interval: "-5s" is not a duration",
        "9:43 FD201 groups[0].rules[0].expr: unclosed left parenthesis",
        "11:31 FD303 groups[0].rules[0].labels.__name__: "__name__" is not a valid name here",
        "15:30 FD304 groups[0].rules[0].annotations.summary: function "nosuch" not defined",
        "10:9 FD106 unknown key "fro" in groups[0].rules[0]",
        "11:43 FD304 groups[0].rules[0].labels.sev: undefined variable "$vlaue"",
        "17:20 FD202 groups[0].rules[1].expr: binary expression must contain only scalar and instant vector types",
        "18:14 FD112 groups[0].rules[1].for: "1.5h" is not a duration",
        "16:17 FD303 groups[0].rules[1].record: braces cannot stand in the name of a metric",
        "18:14 FD302 groups[0].rules[1].for: a recording rule cannot have it",
        "19:22 FD302 groups[0].rules[1].annotations: a recording rule cannot have it",
        "20:9 FD301 groups[0].rules[2]: neither record nor alert is set",
        "23:14 FD107 groups[0].rules[3].expr: is empty",
        "21:16 FD301 groups[0].rules[3].alert: record and alert are both set",
        "25:31 FD105 groups[1].rules[0].expr: is a list",
        "25:44 FD105 groups[1].rules[0].labels is a list",
        "24:11 FD111 the group "a" is there twice",
      ]
    `);
  });

  it('show a mistake inside the expression inside the line', () => {
    const read = readRuleFile(
      'rules.yml',
      'groups:\n  - name: g\n    rules:\n      - record: a\n        expr: "sum(rate(x[5m])"\n',
    );
    expect(read.ok ? '' : formatDiagnostic(read.diagnostics[0]!)).toMatchInlineSnapshot(`
      "rules.yml:5:31: error FD201: groups[0].rules[0].expr: unclosed left parenthesis
          5 |         expr: "sum(rate(x[5m])"
            |                               ^
        hint: The position is inside the expression."
    `);
  });

  it.each([
    ['', 'FD102'],
    ['groups: [', 'FD103'],
    ['groups: {}', 'FD105'],
    ['group: []', 'FD106'],
    ['groups: [{rules: []}]', 'FD107'],
    ['groups: []\n---\ngroups: []', 'FD104'],
  ])('refuse %j', (text, code) => {
    const read = readRuleFile('rules.yml', text);
    expect(read.ok ? [] : read.diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
  });

  it('may use anchors and merges', () => {
    const [group] = groupsOf(`
groups:
  - name: g
    rules:
      - &high {alert: High, expr: &expr x > 1, for: 5m}
      - {<<: *high, alert: Higher}
      - {record: copy, expr: *expr}
`);
    expect(group!.rules.map(({ name, exprText }) => `${name} ${exprText}`)).toEqual([
      'High x > 1',
      'Higher x > 1',
      'copy x > 1',
    ]);
  });

  it('warn of rules that are there twice, as promtool does', () => {
    const text =
      'groups:\n  - name: a\n    rules: [{record: x, expr: 1}, {record: x, expr: 2, labels: {a: b}}]\n  - name: b\n    rules:\n      - {record: x, expr: 3}\n';
    const read = readRuleFile('rules.yml', text);
    expect(read.ok && read.value.warnings.map(({ code, at }) => `${code} ${at?.line}`)).toEqual(['FD305 6']);
  });
});

describe('PrometheusRule objects', () => {
  const object = (name: string, rules: string, more = '') => `
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: ${name}, labels: {prometheus: k8s}}
spec:
  groups:
    - name: ${name}${more}
      rules: ${rules}
`;

  it('are read, also several in one file', () => {
    const text = `${object('one', '[{alert: A, expr: vector(1)}]', '\n      partial_response_strategy: warn')}---${object('two', '[{record: b, expr: 1}]')}`;
    expect(groupsOf(text).map(({ name, rules }) => `${name} ${rules[0]!.name}`)).toEqual(['one A', 'two b']);
  });

  it('tell mistakes of all documents', () => {
    const text = `${object('one', '[{alert: A, expr: "("}]')}---${object('two', '[{record: b}]')}`;
    expect(mistakes(text)).toEqual([
      '8:34 FD201 spec.groups[0].rules[0].expr: unclosed left parenthesis',
      '16:15 FD107 spec.groups[0].rules[0].expr: is empty',
    ]);
  });
});

// What promtool (commit d15adb9ad7) says of the rule files among its test data.
const promtoolFiles: readonly (readonly [file: string, accepted: boolean, duplicates: number])[] = [
  ['at-modifier.yml', true, 0],
  ['bad-rules-error.yml', true, 0],
  ['bad-rules-syntax.yml', false, 0],
  ['negative-offset.yml', true, 0],
  ['prometheus-rules.lint.yml', true, 1],
  ['rules-bad.yml', false, 0],
  ['rules.yml', true, 0],
  ['rules_duplicates.yml', true, 2],
  ['rules_extrafields.yml', false, 0],
];

describeWith([conformance('promtool')], 'rule files of promtool', () => {
  const folder = conformanceFolder('promtool');

  it.each(promtoolFiles)('%s: %s, %i duplicates', (file, accepted, duplicates) => {
    const read = readRuleFile(file, readFileSync(join(folder, file), 'utf8'));
    expect(read.ok).toBe(accepted);
    if (read.ok) expect(read.value.warnings).toHaveLength(duplicates);
  });

  it('are all there', () => {
    const ruleFiles = readdirSync(folder).filter((file) =>
      /^groups:/m.test(readFileSync(join(folder, file), 'utf8')),
    );
    expect(ruleFiles.sort()).toEqual(promtoolFiles.map(([file]) => file).sort());
  });
});

describeWith([conformance('alert-rules')], 'rule files used in production', () => {
  it('are all accepted', () => {
    const folder = conformanceFolder('alert-rules');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.ya?ml$/.test(file),
    );
    let rules = 0;
    for (const file of files) {
      const read = readRuleFile(basename(file), readFileSync(join(folder, file), 'utf8'));
      expect(read.ok ? [] : read.diagnostics.map(formatDiagnostic)).toEqual([]);
      if (read.ok) rules += read.value.groups.reduce((sum, group) => sum + group.rules.length, 0);
    }
    expect(rules).toBe(1188);
  });
});
