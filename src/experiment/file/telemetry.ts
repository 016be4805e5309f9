// `telemetry`: how the system is watched, by the embedded engine (`scrape`) or through a Prometheus that is there
// already (`prometheus`), and where its alerts go.

import { resolve } from 'node:path';
import { z } from 'zod';
import { complain, duration, httpUrl, labels, list, listenAddress, text } from '../../base/scalars.ts';
import { httpClientFields, oneCredential, resolveHttpClient } from '../../telemetry/config/http-client.ts';
import type { TelemetrySpec } from '../model.ts';
import { featureSchema, resolveFeatures } from './features.ts';
import { resolveScrape, scrapeIntervalMsDefault, scrapeSchema } from './scrape.ts';

const answerSchema = z.strictObject({
  status: z.int().min(200).max(599).optional().describe('Status of the answer; 200 when not given.'),
  delay: duration.optional().describe('How long it waits before it answers.'),
  for: duration
    .optional()
    .describe('For how long it answers so, from its first request; for ever when not given.'),
});

const captureSchema = z.strictObject({
  listen: listenAddress.optional().describe('Where it listens; 127.0.0.1:0 (any free port) when not given.'),
  token: text.optional().describe('Bearer token that a sender must show; never written anywhere.'),
  answers: z
    .record(z.string(), answerSchema)
    .optional()
    .describe('By receiver: how it answers, to drill a pager that fails.'),
});

const prometheusSchema = z
  .strictObject({
    url: httpUrl.describe('Address of the HTTP API, without /api/v1.'),
    interval: duration.optional().describe('How often it is read; 5s when not given.'),
    ...httpClientFields,
  })
  .superRefine(oneCredential);

const alertmanagerSchema = z.union([
  text.describe('An alertmanager.yml, run by the embedded Alertmanager: every notification is captured.'),
  z
    .strictObject({
      url: httpUrl.describe('Address of an Alertmanager that is there already.'),
      ...httpClientFields,
    })
    .superRefine(oneCredential),
]);

export const telemetrySchema = z
  .strictObject({
    scrape: list(scrapeSchema).min(1).optional().describe('What the embedded engine reads.'),
    prometheus: prometheusSchema.optional().describe('A Prometheus-compatible source instead of `scrape`.'),
    rules: list(text).optional().describe('Rule files or PrometheusRule objects, evaluated by Firedrill.'),
    alertmanager: alertmanagerSchema.optional().describe('A configuration file, or `{ url }`.'),
    capture: captureSchema.optional().describe('The receiver that stands in for every real one.'),
    evaluationInterval: duration
      .optional()
      .describe('Of rule groups that name none; the shortest scrape interval when not given.'),
    features: list(featureSchema)
      .optional()
      .describe(
        'Feature flags of Prometheus that are on for objectives, stop conditions, effects and rules.',
      ),
    externalLabels: labels.optional().describe('Labels on every alert that is sent.'),
  })
  .superRefine((telemetry, context) => {
    if (telemetry.scrape && telemetry.prometheus)
      complain(context, 'FD105', 'a second source beside scrape', {
        path: ['prometheus'],
        expected: 'scrape or prometheus',
      });
    const jobs = telemetry.scrape?.map((scrape) => scrape.job ?? scrape.job_name) ?? [];
    jobs.forEach((job, index) => {
      if (jobs.indexOf(job) < index)
        complain(context, 'FD111', `the job ${JSON.stringify(job)} is there already`, {
          path: ['scrape', index],
        });
    });
  });

type TelemetryFields = z.output<typeof telemetrySchema>;

export function resolveTelemetry(telemetry: TelemetryFields, folder: string): TelemetrySpec {
  const scrape = (telemetry.scrape ?? []).map((entry) => resolveScrape(entry, folder));
  const { prometheus, capture } = telemetry;
  const remote = prometheus && {
    url: prometheus.url.replace(/\/+$/, ''),
    http: resolveHttpClient(prometheus, folder),
    intervalMs: prometheus.interval ?? scrapeIntervalMsDefault,
  };
  return {
    scrape,
    prometheus: remote,
    rules: (telemetry.rules ?? []).map((path) => resolve(folder, path)),
    alertmanager: resolveAlertmanager(telemetry.alertmanager, folder),
    capture: {
      listen: capture?.listen ?? '127.0.0.1:0',
      token: capture?.token,
      answers: Object.fromEntries(
        Object.entries(capture?.answers ?? {}).map(([receiver, answer]) => [
          receiver,
          { status: answer.status ?? 200, delayMs: answer.delay ?? 0, forMs: answer.for },
        ]),
      ),
    },
    evaluationIntervalMs: telemetry.evaluationInterval ?? shortestIntervalMs({ scrape, prometheus: remote }),
    externalLabels: telemetry.externalLabels ?? {},
    features: resolveFeatures(telemetry.features),
  };
}

/** Of all sources. */
export function shortestIntervalMs({
  scrape,
  prometheus,
}: Pick<TelemetrySpec, 'scrape' | 'prometheus'>): number {
  const intervals = [...scrape, ...(prometheus ? [prometheus] : [])].map(({ intervalMs }) => intervalMs);
  return intervals.length > 0 ? Math.min(...intervals) : scrapeIntervalMsDefault;
}

function resolveAlertmanager(
  alertmanager: TelemetryFields['alertmanager'],
  folder: string,
): TelemetrySpec['alertmanager'] {
  if (alertmanager === undefined) return undefined;
  if (typeof alertmanager === 'string') return { file: resolve(folder, alertmanager) };
  return { url: alertmanager.url.replace(/\/+$/, ''), http: resolveHttpClient(alertmanager, folder) };
}
