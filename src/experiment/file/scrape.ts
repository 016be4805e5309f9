// `telemetry.scrape`: what the embedded engine reads, as an entry of Prometheus's scrape_configs or in a short form.

import { z } from 'zod';
import { address, complain, duration, labels, list, size, text } from '../../base/scalars.ts';
import { httpClientFields, oneCredential, resolveHttpClient } from '../../telemetry/config/http-client.ts';
import type { ScrapeSpec } from '../../telemetry/metrics/scrape-spec.ts';

/** A drill lasts minutes; Prometheus's own default of one minute would see next to nothing of it. */
export const scrapeIntervalMsDefault = 5000;
const scrapeTimeoutMsDefault = 10_000;
const bodySizeBytesDefault = 64 * 2 ** 20;
const sampleLimitDefault = 100_000;

const staticConfig = z.strictObject({
  targets: list(address).min(1).describe('host:port of each endpoint.'),
  labels: labels.optional().describe('Labels on every series of these endpoints.'),
});

export const scrapeSchema = z
  .strictObject({
    job: text.optional().describe('Short for job_name.'),
    job_name: text.optional().describe('The value of the job label.'),
    targets: list(address).min(1).optional().describe('Short for static_configs with these endpoints.'),
    static_configs: list(staticConfig).min(1).optional().describe('Endpoints, with labels.'),
    interval: duration.optional().describe('Short for scrape_interval.'),
    scrape_interval: duration.optional().describe('How often each endpoint is read; 5s when not given.'),
    scrape_timeout: duration
      .optional()
      .describe('How long an endpoint may take; 10s when not given, never more than the interval.'),
    scheme: z.enum(['http', 'https']).optional().describe('http when not given.'),
    metrics_path: z.string().startsWith('/').optional().describe('/metrics when not given.'),
    params: z.record(z.string(), z.array(z.string())).optional().describe('Parameters of the request.'),
    honor_labels: z.boolean().optional().describe('Labels of the endpoint win over job and instance.'),
    honor_timestamps: z
      .boolean()
      .optional()
      .describe('Use the times that the endpoint states; true when not given.'),
    body_size_limit: size.optional().describe('Largest answer; 64MB when not given.'),
    sample_limit: z.int().min(1).optional().describe('Most samples in an answer; 100000 when not given.'),
    ...httpClientFields,
  })
  .superRefine((scrape, context) => {
    oneCredential(scrape, context);
    oneOfTwo(scrape, context, 'job', 'job_name');
    oneOfTwo(scrape, context, 'targets', 'static_configs');
    if (scrape.interval !== undefined && scrape.scrape_interval !== undefined)
      complain(context, 'FD105', 'the interval stands there twice', {
        path: ['scrape_interval'],
        expected: 'only interval',
      });
    const intervalMs = intervalOf(scrape);
    if (scrape.scrape_timeout !== undefined && scrape.scrape_timeout > intervalMs)
      complain(context, 'FD105', 'longer than the interval', {
        path: ['scrape_timeout'],
        expected: 'at most the interval',
      });
  });

type ScrapeFields = z.output<typeof scrapeSchema>;

function oneOfTwo(
  scrape: Record<string, unknown>,
  context: z.core.$RefinementCtx,
  short: string,
  long: string,
): void {
  if (scrape[short] === undefined && scrape[long] === undefined)
    complain(context, 'FD107', `${short} is required`, { expected: `${short}, or ${long} as in Prometheus` });
  if (scrape[short] !== undefined && scrape[long] !== undefined)
    complain(context, 'FD105', `${short} is there too, and means the same`, {
      path: [long],
      expected: `only ${short}`,
    });
}

function intervalOf(scrape: { interval?: number | undefined; scrape_interval?: number | undefined }): number {
  return scrape.interval ?? scrape.scrape_interval ?? scrapeIntervalMsDefault;
}

export function resolveScrape(scrape: ScrapeFields, folder: string): ScrapeSpec {
  const intervalMs = intervalOf(scrape);
  const groups = scrape.static_configs ?? [{ targets: scrape.targets!, labels: {} }];
  return {
    jobName: (scrape.job ?? scrape.job_name)!,
    targets: groups.flatMap((group) =>
      group.targets.map((target) => ({ address: target, labels: group.labels ?? {} })),
    ),
    scheme: scrape.scheme ?? 'http',
    metricsPath: scrape.metrics_path ?? '/metrics',
    params: scrape.params ?? {},
    intervalMs,
    timeoutMs: scrape.scrape_timeout ?? Math.min(scrapeTimeoutMsDefault, intervalMs),
    honorLabels: scrape.honor_labels ?? false,
    honorTimestamps: scrape.honor_timestamps ?? true,
    bodySizeLimitBytes: scrape.body_size_limit ?? bodySizeBytesDefault,
    sampleLimit: scrape.sample_limit ?? sampleLimitDefault,
    http: resolveHttpClient(scrape, folder),
  };
}
