// The shape of rule files: Prometheus's `groups:` and the PrometheusRule objects of the Prometheus operator.
// https://prometheus.io/docs/prometheus/latest/configuration/recording_rules/

import { z } from 'zod';
import type { ErrorCode } from '../base/catalogue.ts';
import { metricName } from '../base/labels.ts';
import type { IssueDetails } from '../base/schema-issues.ts';
import type { Features } from '../promql/features.ts';
import type { ParsedTexts } from './parsed-texts.ts';
import { parsePrometheusDuration } from './prometheus-duration.ts';
import { scalarText as text, textOf } from './scalar-text.ts';
import { TemplateSyntaxError } from './templates/lexer.ts';

export interface RawGroup {
  readonly name: unknown;
  readonly interval?: unknown;
  readonly query_offset?: unknown;
  readonly limit?: number | null | undefined;
  readonly labels?: Readonly<Record<string, unknown>> | null | undefined;
  readonly rules?: readonly RawRule[] | null | undefined;
}

export interface RawRule {
  readonly record?: unknown;
  readonly alert?: unknown;
  readonly expr: unknown;
  readonly for?: unknown;
  readonly keep_firing_for?: unknown;
  readonly labels?: Readonly<Record<string, unknown>> | null | undefined;
  readonly annotations?: Readonly<Record<string, unknown>> | null | undefined;
}

type Context = z.RefinementCtx;

function complain(context: Context, code: ErrorCode, message: string, details: IssueDetails = {}): void {
  context.addIssue({ code: 'custom', message, params: { code, ...details } });
}

const expression = (parsedTexts: ParsedTexts) =>
  text.superRefine((value, context) => {
    const source = textOf(value);
    if (source.trim() === '') {
      if (value === null || typeof value !== 'object')
        complain(context, 'FD107', 'is empty', { expected: 'a PromQL expression' });
      return;
    }
    const parsed = parsedTexts.expr(source);
    if (parsed.ok) return;
    const { code, message, start, end } = parsed.error;
    complain(context, code, message, { offset: start, length: Math.max(1, end - start) });
  });

const template = (parsedTexts: ParsedTexts) =>
  text.superRefine((value, context) => {
    try {
      parsedTexts.template(textOf(value));
    } catch (error) {
      if (!(error instanceof TemplateSyntaxError)) throw error;
      complain(context, 'FD304', error.message, { offset: error.start, length: error.end - error.start });
    }
  });

const duration = text.superRefine((value, context) => {
  const source = textOf(value);
  const ms = source === '' ? 0 : parsePrometheusDuration(source);
  if (ms === undefined)
    complain(context, 'FD112', `${JSON.stringify(source)} is not a duration`, {
      expected: 'a duration such as 30s or 1h30m',
    });
});

/** Names are any text since Prometheus 3; the name of the metric is set by `record` and by nothing else. */
const names = (values: z.ZodType, reserved: readonly string[]) =>
  z.record(z.string(), values).superRefine((record, context) => {
    for (const name of Object.keys(record)) {
      if (name !== '' && !reserved.includes(name)) continue;
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `${JSON.stringify(name)} is not a valid name here`,
        params: { code: 'FD303', expected: 'another name' },
      });
    }
  });

const ruleShape = (parsedTexts: ParsedTexts) => ({
  record: text.optional(),
  alert: text.optional(),
  expr: expression(parsedTexts),
  for: duration.optional(),
  keep_firing_for: duration.optional(),
  labels: names(text, [metricName]).nullish(),
  annotations: names(template(parsedTexts), []).nullish(),
});

const isRecording = (rule: RawRule): boolean => textOf(rule.record) !== '';
const isAlerting = (rule: RawRule): boolean => textOf(rule.alert) !== '';
const isSet = (value: unknown): boolean => {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  const source = textOf(value);
  return source !== '' && parsePrometheusDuration(source) !== 0;
};

/** Checks between fields run also when a field by itself is wrong, so that a file's mistakes come all at once. */
const always = { when: () => true };

const needsAlert = (field: 'for' | 'keep_firing_for' | 'annotations') => ({
  ...always,
  path: [field] as PropertyKey[],
  message: 'a recording rule cannot have it',
  params: { code: 'FD302' },
});
const mayHave = (value: RawRule, field: 'for' | 'keep_firing_for' | 'annotations'): boolean =>
  isAlerting(value) || !isRecording(value) || !isSet(value[field]);

/** Label values of alerting rules are templates; those of recording rules are plain text. */
const checkLabelTemplates =
  (parsedTexts: ParsedTexts) =>
  (value: RawRule, context: Context): void => {
    if (!isAlerting(value)) return;
    const label = template(parsedTexts);
    for (const [name, source] of Object.entries(value.labels ?? {})) {
      const result = label.safeParse(source);
      for (const issue of result.error?.issues ?? [])
        context.addIssue({ ...issue, path: ['labels', name], input: source } as never);
    }
  };

/** What a reader of rule files may allow beyond Prometheus's default. */
export interface RuleFileOptions {
  /** What of PromQL is behind feature flags and on; nothing. */
  readonly features?: Features;
  /** Fields that nobody knows are passed over; without it they are mistakes. */
  readonly ignoreUnknownFields?: boolean;
}

/** The schemas of a `groups:` file and of a PrometheusRule object. */
export function ruleSchemas({ ignoreUnknownFields = false }: RuleFileOptions, parsedTexts: ParsedTexts) {
  const object: typeof z.strictObject = ignoreUnknownFields ? (z.object as never) : z.strictObject;
  const rule = object(ruleShape(parsedTexts))
    .refine((value) => isRecording(value) || isAlerting(value), {
      ...always,
      message: 'neither record nor alert is set',
      params: { code: 'FD301', expected: 'one of the two' },
    })
    .refine((value) => !(isRecording(value) && isAlerting(value)), {
      ...always,
      path: ['alert'],
      message: 'record and alert are both set',
      params: { code: 'FD301', expected: 'one of the two' },
    })
    .refine((value) => !/[{}]/.test(textOf(value.record)), {
      ...always,
      path: ['record'],
      message: 'braces cannot stand in the name of a metric',
      params: { code: 'FD303', expected: 'a metric name; matchers belong into expr, labels into labels' },
    })
    .refine((value) => mayHave(value, 'for'), needsAlert('for'))
    .refine((value) => mayHave(value, 'keep_firing_for'), needsAlert('keep_firing_for'))
    .refine((value) => mayHave(value, 'annotations'), needsAlert('annotations'))
    .superRefine(checkLabelTemplates(parsedTexts));
  const groupShape = {
    name: text.superRefine((value, context) => {
      if (textOf(value) === '') complain(context, 'FD107', 'is empty', { expected: 'the name of the group' });
    }),
    interval: duration.optional(),
    query_offset: duration.optional(),
    limit: z.int().min(0).nullish(),
    labels: names(text, [metricName]).nullish(),
    rules: z.array(rule).nullish(),
  };
  return {
    ruleFile: object({ groups: z.array(object(groupShape)).nullish() }),
    /** `partial_response_strategy` is Thanos's, which the operator passes on. */
    prometheusRule: z.object({
      apiVersion: z.literal('monitoring.coreos.com/v1'),
      kind: z.literal('PrometheusRule'),
      metadata: z.record(z.string(), z.unknown()).optional(),
      spec: object({
        groups: z.array(object({ ...groupShape, partial_response_strategy: text.optional() })).nullish(),
      }),
    }),
  };
}
