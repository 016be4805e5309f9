// `telemetry.scrape`: what the embedded engine reads, as an entry of Prometheus's scrape_configs or in a short form.

import { z } from 'zod';
import { address, complain, duration, list, size, text } from '../../base/scalars.ts';
import {
  checkScrapeFields,
  labelLimitsDefault,
  resolveScrapeConfig,
  scrapeConfigFields,
} from '../../telemetry/config/scrape-config.ts';
import type { ScrapeSpec } from '../../telemetry/metrics/scrape-spec.ts';

/** A drill lasts minutes; Prometheus's own default of one minute would see next to nothing of it. */
export const scrapeIntervalMsDefault = 5000;
const scrapeTimeoutMsDefault = 10_000;
const bodySizeBytesDefault = 64 * 2 ** 20;
const sampleLimitDefault = 100_000;

export const scrapeSchema = z
  .strictObject({
    job: text.optional().describe('Short for job_name.'),
    job_name: text.optional().describe('The value of the job label.'),
    targets: list(address).min(1).optional().describe('Short for static_configs with these endpoints.'),
    interval: duration.optional().describe('Short for scrape_interval.'),
    ...scrapeConfigFields,
    scrape_interval: duration.optional().describe('How often each endpoint is read; 5s when not given.'),
    body_size_limit: size.optional().describe('Largest answer; 64MB when not given.'),
    sample_limit: scrapeConfigFields.sample_limit.describe(
      'Most samples in an answer; 100000 when not given, 0 is no limit.',
    ),
  })
  .superRefine((scrape, context) => {
    checkShortForm(scrape, context);
    checkScrapeFields({ ...scrape, scrape_interval: intervalOf(scrape) }, context);
    checkAddresses(scrape, context);
  });

type ScrapeFields = z.output<typeof scrapeSchema>;

function checkShortForm(scrape: ScrapeFields, context: z.core.$RefinementCtx): void {
  const { job, job_name: jobName, targets, interval, scrape_interval: scrapeInterval } = scrape;
  if (job === undefined && jobName === undefined)
    complain(context, 'FD107', 'job is required', { expected: 'job, or job_name as in Prometheus' });
  if (job !== undefined && jobName !== undefined) twice(context, 'job', 'job_name');
  const found = [scrape.static_configs, scrape.file_sd_configs, scrape.http_sd_configs];
  if (targets === undefined && found.every((list) => !list?.length))
    complain(context, 'FD107', 'targets is required', {
      expected: 'targets, or static_configs, file_sd_configs or http_sd_configs as in Prometheus',
    });
  if (targets !== undefined && scrape.static_configs) twice(context, 'targets', 'static_configs');
  if (interval !== undefined && scrapeInterval !== undefined)
    complain(context, 'FD105', 'the interval stands there twice', {
      path: ['scrape_interval'],
      expected: 'only interval',
    });
}

function twice(context: z.core.$RefinementCtx, short: string, long: string): void {
  complain(context, 'FD105', `${short} is there too, and means the same`, {
    path: [long],
    expected: `only ${short}`,
  });
}

/** Where nothing is relabeled, what stands there is what will be read. */
function checkAddresses(scrape: ScrapeFields, context: z.core.$RefinementCtx): void {
  if (scrape.relabel_configs?.length) return;
  for (const [i, { targets }] of (scrape.static_configs ?? []).entries()) {
    for (const [j, target] of (targets ?? []).entries()) {
      const checked = address.safeParse(target);
      if (checked.success) continue;
      complain(context, 'FD105', `${JSON.stringify(target)} is no address`, {
        path: ['static_configs', i, 'targets', j],
        expected: 'host:port, such as 127.0.0.1:8080',
      });
    }
  }
}

function intervalOf(scrape: ScrapeFields): number {
  return scrape.interval ?? scrape.scrape_interval ?? scrapeIntervalMsDefault;
}

export function resolveScrape(scrape: ScrapeFields, folder: string): ScrapeSpec {
  const { targets } = scrape;
  return resolveScrapeConfig(
    {
      ...scrape,
      job_name: (scrape.job ?? scrape.job_name)!,
      scrape_interval: intervalOf(scrape),
      ...(targets && { static_configs: [{ targets }] }),
    },
    {
      intervalMs: scrapeIntervalMsDefault,
      timeoutMs: scrapeTimeoutMsDefault,
      bodySizeLimitBytes: bodySizeBytesDefault,
      sampleLimit: sampleLimitDefault,
      labelLimits: labelLimitsDefault,
      nativeHistograms: false,
      folder,
    },
  );
}
