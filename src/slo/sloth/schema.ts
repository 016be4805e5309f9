// Sloth's files: `version: prometheus/v1`, and the Kubernetes kind PrometheusServiceLevel, which says the same in camel case. Field
// names and checks are those of slok/sloth pkg/prometheus/api/v1 and pkg/kubernetes/api/sloth/v1.

import { z } from 'zod';
import { complain, text } from '../../base/scalars.ts';
import { parseExpr } from '../../promql/parser.ts';
import { scalarText } from '../../rules/scalar-text.ts';
import { hasWindowPlaceholder, windowPlaceholder } from '../sli-over.ts';

const nameExpected = 'letters, digits, `-`, `_` and `.`, at least two, not a sign first or last';

const name = z.string().superRefine((value, context) => {
  if (!/^[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]$/.test(value))
    complain(context, 'FD850', `${JSON.stringify(value)} is no name`, { expected: nameExpected });
});

const query = z.string().superRefine((value, context) => {
  if (!hasWindowPlaceholder(value)) {
    complain(context, 'FD853', 'the query says nothing of its window', {
      expected: '[{{.window}}] as its range',
    });
    return;
  }
  // A placeholder of the same length keeps the places of mistakes.
  const parsed = parseExpr(value.replaceAll(windowPlaceholder, (found) => '5m'.padEnd(found.length)));
  if (parsed.ok) return;
  const { code, message, start, end } = parsed.error;
  complain(context, code, message, { offset: start, length: Math.max(1, end - start) });
});

const labels = z.record(z.string(), scalarText).nullish();

const plugin = z.strictObject({ id: text, options: z.unknown().optional() });

const objective = z.number().superRefine((value, context) => {
  if (value > 0 && value <= 100) return;
  complain(context, 'FD110', `${value} is no objective`, { expected: 'a percentage above 0, at most 100' });
});

function differ(error: string, total: string) {
  return (value: Record<string, unknown>, context: z.core.$RefinementCtx): void => {
    if (value[error] === value[total])
      complain(context, 'FD851', `${error} and ${total} are the same`, {
        expected: 'bad events, and all events',
      });
  };
}

function onlyOne(value: object, context: z.core.$RefinementCtx): void {
  const given = Object.keys(value);
  if (given.length === 1) return;
  const message = given.length === 0 ? 'has no indicator' : `has ${given.join(' and ')}`;
  complain(context, 'FD851', message, { expected: 'exactly one of events, raw, plugin' });
}

const alert = z
  .strictObject({ disable: z.boolean().default(false), labels, annotations: labels })
  .nullish()
  .transform((value) => value ?? { disable: false });

const alertingBase = { name: z.string().optional(), labels, annotations: labels };

const pluginChain = z.strictObject({
  chain: z.array(z.looseObject({})).optional(),
  overridePrevious: z.boolean().optional(),
  override_previous: z.boolean().optional(),
});

const sloBase = {
  name,
  objective,
  description: z.string().optional(),
  labels,
  plugins: pluginChain.optional(),
};

const snakeSlo = z.strictObject({
  ...sloBase,
  sli: z
    .strictObject({
      events: z
        .strictObject({ error_query: query, total_query: query })
        .superRefine(differ('error_query', 'total_query'))
        .transform(({ error_query, total_query }) => ({ errorQuery: error_query, totalQuery: total_query }))
        .optional(),
      raw: z
        .strictObject({ error_ratio_query: query })
        .transform(({ error_ratio_query }) => ({ errorRatioQuery: error_ratio_query }))
        .optional(),
      plugin: plugin.optional(),
    })
    .superRefine(onlyOne),
  alerting: z
    .strictObject({ ...alertingBase, page_alert: alert, ticket_alert: alert })
    .transform(({ page_alert, ticket_alert, ...rest }) => ({
      ...rest,
      page: page_alert,
      ticket: ticket_alert,
    }))
    .optional(),
});

const camelSlo = z.strictObject({
  ...sloBase,
  sli: z
    .strictObject({
      events: z
        .strictObject({ errorQuery: query, totalQuery: query })
        .superRefine(differ('errorQuery', 'totalQuery'))
        .optional(),
      raw: z.strictObject({ errorRatioQuery: query }).optional(),
      plugin: plugin.optional(),
    })
    .superRefine(onlyOne),
  alerting: z
    .strictObject({ ...alertingBase, pageAlert: alert, ticketAlert: alert })
    .transform(({ pageAlert, ticketAlert, ...rest }) => ({ ...rest, page: pageAlert, ticket: ticketAlert }))
    .optional(),
});

export const slothFile = z.strictObject({
  version: z.literal('prometheus/v1'),
  service: name,
  labels,
  slo_plugins: pluginChain.optional(),
  slos: z.array(snakeSlo).min(1),
});

export const slothObject = z.strictObject({
  apiVersion: z.literal('sloth.slok.dev/v1'),
  kind: z.literal('PrometheusServiceLevel'),
  metadata: z.looseObject({
    name: text,
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.strictObject({
    service: name,
    labels,
    sloPlugins: pluginChain.optional(),
    slos: z.array(camelSlo).min(1),
  }),
  status: z.unknown().optional(),
});

export type SlothSlo = z.output<typeof snakeSlo> | z.output<typeof camelSlo>;
