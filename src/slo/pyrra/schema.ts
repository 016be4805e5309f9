// Pyrra's objects: `pyrra.dev/v1alpha1`, kind ServiceLevelObjective. Fields and checks are those of pyrra-dev/pyrra
// kubernetes/api/v1alpha1; what is only warned of there is warned of in warnings.ts.

import { z } from 'zod';
import { complain, text } from '../../base/scalars.ts';
import { parseExpr } from '../../promql/parser.ts';
import { parsePrometheusDuration } from '../../rules/prometheus-duration.ts';
import { scalarText, textOf } from '../../rules/scalar-text.ts';
import { type BareSelector, bareSelectorOf, leOf } from '../bare-selector.ts';
import { targetOf } from '../target.ts';

const selectorExpected = 'a bare selector, such as http_requests_total{code=~"5.."}';

/** A selector as it is written; `check` looks at what it selects. */
function selector(check?: (selected: BareSelector) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const parsed = parseExpr(value);
    if (!parsed.ok) {
      const { code, message, start, end } = parsed.error;
      complain(context, code, message, { offset: start, length: Math.max(1, end - start) });
      return;
    }
    const selected = bareSelectorOf(parsed.expr);
    const problem = 'instead' in selected ? selected.instead : check?.(selected);
    if (problem === undefined) return;
    const { start, end } = parsed.expr;
    complain(context, 'FD853', `the metric ${problem}`, {
      expected: selectorExpected,
      offset: start,
      length: end - start,
    });
  });
}

const metric = z.strictObject({ metric: selector() });

const bucket = z.strictObject({
  metric: selector((selected) => {
    const limit = leOf(selected);
    if (limit === undefined) return 'has no matcher of `le`, which says how fast is fast enough';
    return /^\+?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^\+?Inf$/.test(limit)
      ? undefined
      : `has ${JSON.stringify(limit)} for \`le\`, which is no number`;
  }),
});

const durationExpected = 'a duration such as 2w or 28d';

const duration = z.string().superRefine((value, context) => {
  if ((parsePrometheusDuration(value) ?? 0) > 0) return;
  complain(context, 'FD112', `${JSON.stringify(value)} is no duration above zero`, {
    expected: durationExpected,
  });
});

const target = scalarText.superRefine((value, context) => {
  const written = textOf(value);
  if ((targetOf(written, 'percent')?.percent ?? 101) <= 100) return;
  complain(context, 'FD105', `${JSON.stringify(written)} is no target`, {
    expected: 'a percentage from 0 to 100, in quotes',
  });
});

const labelName = z.string().regex(/^[a-zA-Z_]\w*$/, { error: 'not a label name' });
const grouping = z.array(labelName).nullish();
const texts = z.record(z.string(), z.string()).nullish();
const choice = z.boolean().nullish();
const name = z.string().nullish();

const indicatorNames = ['ratio', 'latency', 'latencyNative', 'bool_gauge'] as const;

const indicator = z
  .strictObject({
    ratio: z.strictObject({ errors: metric, total: metric, grouping }).optional(),
    latency: z.strictObject({ success: bucket, total: metric, grouping }).optional(),
    latencyNative: z.strictObject({ latency: duration, total: metric, grouping }).optional(),
    bool_gauge: z.strictObject({ ...metric.shape, grouping }).optional(),
  })
  .superRefine((value, context) => {
    const given = indicatorNames.filter((each) => value[each] !== undefined);
    if (given.length === 1) return;
    const message = given.length === 0 ? 'has no indicator' : `has ${given.join(' and ')}`;
    complain(context, 'FD851', message, { expected: `exactly one of ${indicatorNames.join(', ')}` });
  });

const alerting = z.strictObject({
  disabled: choice,
  burnrates: choice,
  absent: choice,
  name,
  absentName: name,
  severities: z
    .strictObject({ absent: name, fastBurn: name, mediumBurn: name, slowBurn: name, longTermBurn: name })
    .nullish(),
});

export const pyrraObject = z.strictObject({
  apiVersion: z.literal('pyrra.dev/v1alpha1'),
  kind: z.literal('ServiceLevelObjective'),
  metadata: z.looseObject({
    name: text,
    namespace: z.string().optional(),
    labels: texts,
    annotations: texts,
  }),
  spec: z.strictObject({
    description: z.string().nullish(),
    target,
    window: duration,
    indicator,
    alerting: alerting.nullish(),
    partial_response_strategy: z.enum(['abort', 'warn', '']).default('abort'),
    performanceOverAccuracy: choice,
    ruleOutput: z
      .strictObject({ shortRulesLabels: texts, longRulesLabels: texts, enableDescriptionAsLabel: choice })
      .nullish(),
  }),
  status: z.unknown().optional(),
});

export type PyrraObject = z.output<typeof pyrraObject>;
