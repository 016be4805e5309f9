// Argo Rollouts' AnalysisTemplate and ClusterAnalysisTemplate (argoproj.io/v1alpha1), as far as their metrics come from Prometheus.

import { z } from 'zod';
import type { Place } from '../../../base/diagnostics.ts';
import { parseExpression } from '../../../base/expression/parse.ts';
import type { ExpressionValue } from '../../../base/expression/value.ts';
import { complain, duration, text } from '../../../base/scalars.ts';
import { checkYaml, type Parsed, parseYaml } from '../../../base/yaml.ts';

export interface AnalysisTemplate {
  readonly name: string;
  readonly metrics: readonly AnalysisMetric[];
}

export interface AnalysisMetric {
  readonly name: string;
  readonly query: string;
  readonly initialDelayMs: number;
  /** Absent: one measurement. */
  readonly intervalMs?: number;
  /** Absent with an interval: until the analysis ends. */
  readonly count?: number;
  /** Below 0: never. */
  readonly failureLimit: number;
  readonly inconclusiveLimit: number;
  readonly consecutiveErrorLimit: number;
  /** 0: it does not matter. */
  readonly consecutiveSuccessLimit: number;
  readonly successCondition?: Condition;
  readonly failureCondition?: Condition;
  /** Measured and told, without a part in the result. */
  readonly isDryRun: boolean;
  readonly at: Place;
}

export interface Condition {
  readonly text: string;
  /** Throws an `ExpressionError` when the result does not suit it. */
  readonly holds: (result: ExpressionValue) => boolean;
}

const condition = z.string().transform((value, context): Condition => {
  const parsed = parseExpression(value, {
    values: ['result'],
    functions: {
      isNaN: { arity: 1, of: (result) => Number.isNaN(result) },
      isInf: { arity: 1, of: (result) => result === Infinity || result === -Infinity },
      isNil: { arity: 1, of: (result) => result === null },
      default: { arity: 2, of: (result, otherwise) => result ?? otherwise! },
      asFloat: { arity: 1, of: (result) => Number(result) },
      asInt: { arity: 1, of: (result) => Math.trunc(Number(result)) },
    },
  });
  if (parsed.ok) return { text: value, holds: (result) => parsed.evaluate({ result }) === true };
  const { message, offset } = parsed;
  complain(context, 'FD761', message, { expected: 'a condition such as result[0] >= 0.95', offset });
  return z.NEVER;
});

const count = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
]);

const provider = z
  .looseObject({ prometheus: z.looseObject({ query: text }).optional() })
  .superRefine((value, context) => {
    for (const name of Object.keys(value))
      if (name !== 'prometheus')
        complain(context, 'FD762', `the provider ${name} is not evaluated here`, {
          expected: 'prometheus',
          path: [name],
        });
    const { prometheus } = value;
    if (prometheus && 'rangeQuery' in prometheus)
      complain(context, 'FD762', 'a rangeQuery is not evaluated here', {
        expected: 'a query that has one answer at an instant',
        path: ['prometheus', 'rangeQuery'],
      });
    if (Object.keys(value).length === 0)
      complain(context, 'FD107', 'a provider is missing', { expected: 'prometheus' });
  });

const metric = z
  .strictObject({
    name: text,
    interval: duration.optional(),
    initialDelay: duration.optional(),
    count: count.optional(),
    successCondition: condition.optional(),
    failureCondition: condition.optional(),
    failureLimit: count.default(0),
    inconclusiveLimit: count.default(0),
    consecutiveErrorLimit: count.default(4),
    consecutiveSuccessLimit: count.default(0),
    provider,
  })
  .superRefine(({ count, interval }, context) => {
    if ((count ?? 1) > 1 && interval === undefined)
      complain(context, 'FD107', 'an interval is missing: there is more than one measurement', {
        expected: 'interval: 30s',
      });
  });

const metrics = z.array(metric).min(1);

const template = z.looseObject({
  apiVersion: z.literal('argoproj.io/v1alpha1'),
  kind: z.enum(['AnalysisTemplate', 'ClusterAnalysisTemplate']),
  metadata: z.looseObject({ name: text }),
  spec: z.strictObject({
    args: z
      .array(
        z.strictObject({
          name: text,
          value: z.union([z.string(), z.number(), z.boolean()]).transform(String).optional(),
          valueFrom: z.unknown().optional(),
        }),
      )
      .default([]),
    metrics: z.unknown(),
    dryRun: z.array(z.strictObject({ metricName: text })).default([]),
    measurementRetention: z.unknown().optional(),
  }),
});

/** `given` are values of arguments, which take the place of those in the file; `absent` is the value of those without any. */
export function readAnalysisTemplate(
  file: string,
  source: string,
  given: Readonly<Record<string, string>>,
  absent?: string,
): Parsed<AnalysisTemplate> {
  const document = parseYaml(file, source);
  if (!document.ok) return document;
  const outer = checkYaml(document.value, template);
  if (!outer.ok) return outer;
  const { metadata, spec } = outer.value;
  const missing = spec.args.filter(
    ({ name, value }) => (value ?? absent) === undefined && !Object.hasOwn(given, name),
  );
  if (missing.length > 0) {
    const place = (name: string) => [
      'spec',
      'args',
      spec.args.findIndex((argument) => argument.name === name),
    ];
    const diagnostics = missing.map(({ name }) => ({
      code: 'FD107' as const,
      severity: 'error' as const,
      message: `the argument ${name} has no value`,
      at: document.value.placeOf(place(name)),
      expected: `--arg ${name}=VALUE`,
    }));
    return { ok: false, diagnostics };
  }
  const values = {
    ...Object.fromEntries(spec.args.map(({ name, value }) => [name, value ?? absent ?? ''])),
    ...given,
  };
  const at = ['spec', 'metrics'];
  const inner = checkYaml(document.value, metrics, withArguments(spec.metrics, values), at);
  if (!inner.ok) return inner;
  const dry = new Set(spec.dryRun.map(({ metricName }) => metricName));
  return {
    ok: true,
    value: {
      name: metadata.name,
      metrics: inner.value.map((given, index) => ({
        ...analysisMetric(given),
        isDryRun: dry.has(given.name) || dry.has('*'),
        at: document.value.placeOf([...at, index]),
      })),
    },
  };
}

function analysisMetric(given: z.output<typeof metric>): Omit<AnalysisMetric, 'isDryRun' | 'at'> {
  const { interval, initialDelay, count, successCondition, failureCondition } = given;
  return {
    name: given.name,
    query: given.provider.prometheus!.query,
    initialDelayMs: initialDelay ?? 0,
    ...(interval !== undefined && { intervalMs: interval }),
    ...(count !== undefined && { count }),
    failureLimit: given.failureLimit,
    inconclusiveLimit: given.inconclusiveLimit,
    consecutiveErrorLimit: given.consecutiveErrorLimit,
    consecutiveSuccessLimit: given.consecutiveSuccessLimit,
    ...(successCondition && { successCondition }),
    ...(failureCondition && { failureCondition }),
  };
}

/** `{{args.name}}` in every text below. */
function withArguments(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string')
    return value.replace(/\{\{\s*args\.([\w.-]+?)\s*\}\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? values[name]! : whole,
    );
  if (Array.isArray(value)) return value.map((each) => withArguments(each, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withArguments(each, values)]));
}
