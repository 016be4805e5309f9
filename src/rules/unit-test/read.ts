// Reads files of unit tests. https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/

import { z } from 'zod';
import type { Diagnostic } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';
import { checkYaml, type Parsed, parseYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { parsePrometheusDuration } from '../prometheus-duration.ts';
import { scalarText, sourceTextOf, textOf, textRecordOf } from '../scalar-text.ts';
import type { AlertTest, ExprTest, UnitTest, UnitTestFile } from './model.ts';

const duration = scalarText.superRefine((value, context) => {
  const source = textOf(value);
  if (source === '' || parsePrometheusDuration(source) !== undefined) return;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(source)} is not a duration`,
    params: { code: 'FD112', expected: 'a duration such as 30s or 1h30m' },
  });
});

const startTimestamp = scalarText.superRefine((value, context) => {
  if (parseStart(textOf(value)) !== undefined) return;
  context.addIssue({
    code: 'custom',
    message: `${JSON.stringify(textOf(value))} is not a time`,
    params: { code: 'FD105', expected: 'Unix seconds, or RFC 3339 such as "2026-01-31T12:00:00Z"' },
  });
});

const texts = z.record(z.string(), scalarText).nullish();

const alertTest = z.strictObject({
  eval_time: duration.optional(),
  alertname: scalarText.optional(),
  exp_alerts: z.array(z.strictObject({ exp_labels: texts, exp_annotations: texts })).nullish(),
});

const exprTest = z.strictObject({
  expr: scalarText.optional(),
  eval_time: duration.optional(),
  exp_samples: z
    .array(
      z.strictObject({
        labels: scalarText.optional(),
        // Infinity and NaN are numbers here; zod's own number has neither.
        value: z
          .custom<number>((value) => typeof value === 'number', { message: 'is not a number' })
          .nullish(),
        histogram: scalarText.optional(),
      }),
    )
    .nullish(),
});

const unitTest = z.strictObject({
  name: scalarText.optional(),
  interval: duration.optional(),
  start_timestamp: startTimestamp.optional(),
  input_series: z
    .array(z.strictObject({ series: scalarText.optional(), values: scalarText.optional() }))
    .nullish(),
  alert_rule_test: z.array(alertTest).nullish(),
  promql_expr_test: z.array(exprTest).nullish(),
  external_labels: texts,
  external_url: scalarText.optional(),
});

const schema = z.strictObject({
  rule_files: z.array(scalarText).nullish(),
  evaluation_interval: duration.optional(),
  group_eval_order: z
    .array(scalarText)
    .superRefine((names, context) => {
      const texts = names.map(textOf);
      texts.forEach((name, i) => {
        if (texts.indexOf(name) === i) return;
        const message = `the group ${JSON.stringify(name)} is there twice`;
        context.addIssue({ code: 'custom', path: [i], message, params: { code: 'FD111' } });
      });
    })
    .nullish(),
  fuzzy_compare: z.boolean().nullish(),
  tests: z.array(unitTest.nullish()).nullish(),
});

type RawTest = z.output<typeof unitTest>;

const evaluationIntervalMsDefault = 60_000;

/** Nothing in an empty file is tested, as in promtool. */
export function readUnitTests(file: string, text: string): Parsed<UnitTestFile> {
  const parsed = parseYaml(file, text);
  if (!parsed.ok)
    return parsed.diagnostics.every(isEmptiness) ? { ok: true, value: emptyFile(file) } : parsed;
  const checked = checkYaml(parsed.value, schema);
  if (!checked.ok) return checked;
  const raw = checked.value;
  const evaluationIntervalMs = milliseconds(raw.evaluation_interval) || evaluationIntervalMsDefault;
  const document = parsed.value;
  const tests = raw.tests ?? [];
  return {
    ok: true,
    value: {
      file,
      ruleFiles: (raw.rule_files ?? []).map(textOf),
      evaluationIntervalMs,
      groupOrder: (raw.group_eval_order ?? []).map(textOf),
      fuzzyCompare: raw.fuzzy_compare ?? false,
      tests: tests.map((test, i) => buildTest(document, test ?? {}, i, evaluationIntervalMs)),
    },
  };
}

function isEmptiness({ code }: Diagnostic): boolean {
  return code === 'FD102';
}

function emptyFile(file: string): UnitTestFile {
  const settings = { ruleFiles: [], groupOrder: [], fuzzyCompare: false, tests: [] };
  return { file, evaluationIntervalMs: evaluationIntervalMsDefault, ...settings };
}

function buildTest(document: YamlDocument, raw: RawTest, index: number, intervalMs: number): UnitTest {
  const at: YamlPath = ['tests', index];
  const name = textOf(raw.name);
  return {
    name,
    title: name === '' ? `unnamed#${index}` : name,
    intervalMs: milliseconds(raw.interval) || intervalMs,
    startMs: raw.start_timestamp === undefined ? 0 : parseStart(textOf(raw.start_timestamp))!,
    inputs: (raw.input_series ?? []).map((input, i) => {
      const valuesPath = [...at, 'input_series', i, 'values'];
      return {
        series: textOf(input.series),
        values: sourceTextOf(document, input.values, valuesPath),
        place: document.placeOf([...at, 'input_series', i, 'series']),
        placeInValues: (offset, length) => document.placeInside(valuesPath, offset, length),
      };
    }),
    alertTests: (raw.alert_rule_test ?? []).map((test, i) =>
      buildAlertTest(document, test, [...at, 'alert_rule_test', i]),
    ),
    exprTests: (raw.promql_expr_test ?? []).map((test, i) =>
      buildExprTest(document, test, [...at, 'promql_expr_test', i]),
    ),
    externalLabels: textRecordOf(document, raw.external_labels, [...at, 'external_labels']),
    externalUrl: textOf(raw.external_url),
  };
}

function buildAlertTest(document: YamlDocument, raw: z.output<typeof alertTest>, at: YamlPath): AlertTest {
  const record = (
    values: Readonly<Record<string, unknown>> | null | undefined,
    path: YamlPath,
  ): LabelRecord => textRecordOf(document, values, path);
  return {
    evalMs: milliseconds(raw.eval_time),
    alertname: textOf(raw.alertname),
    expected: (raw.exp_alerts ?? []).map(({ exp_labels, exp_annotations }, i) => ({
      labels: record(exp_labels, [...at, 'exp_alerts', i, 'exp_labels']),
      annotations: record(exp_annotations, [...at, 'exp_alerts', i, 'exp_annotations']),
    })),
    place: document.placeOf(at),
  };
}

function buildExprTest(document: YamlDocument, raw: z.output<typeof exprTest>, at: YamlPath): ExprTest {
  return {
    evalMs: milliseconds(raw.eval_time),
    expr: sourceTextOf(document, raw.expr, [...at, 'expr']),
    expected: (raw.exp_samples ?? []).map(({ labels, value, histogram }) => ({
      labels: textOf(labels),
      value: value ?? 0,
      histogram: textOf(histogram),
    })),
    place: document.placeOf(at),
  };
}

function milliseconds(value: unknown): number {
  const text = textOf(value);
  return text === '' ? 0 : parsePrometheusDuration(text)!;
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Unix milliseconds. */
function parseStart(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Math.round(Number(text) * 1000);
  const ms = rfc3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
