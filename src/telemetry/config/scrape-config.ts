// One entry of scrape_configs in prometheus.yml, which experiments have too.
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config

import { resolve } from 'node:path';
import { z } from 'zod';
import { complain, duration, httpUrl, list, size, text } from '../../base/scalars.ts';
import { type ScrapeProtocol, scrapeProtocols } from '../metrics/exposition/content-type.ts';
import type { DiscoverySpec, LabelLimits, ScrapeSpec } from '../metrics/scrape-spec.ts';
import { httpClientFields, oneCredential, resolveHttpClient } from './http-client.ts';
import { relabelConfigs, resolveRelabel } from './relabel-config.ts';

/** Of one static_config, which a person writes. */
const targetsMax = 10_000;

const labels = z.record(text, z.string());
const count = z.int().min(0);
const protocol = z.enum(Object.keys(scrapeProtocols) as [ScrapeProtocol]);

const staticConfig = z.strictObject({
  targets: list(text, targetsMax).nullish().describe('host:port of each endpoint.'),
  labels: labels.nullish().describe('Labels on every series of these endpoints.'),
});

const fileSdConfig = z.strictObject({
  files: list(
    text.refine((path) => /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/.test(path), {
      error: (issue) => `${JSON.stringify(issue.input)} is not a path of target files`,
      params: { expected: 'a path that ends in .json, .yml or .yaml, with `*` in its last part only' },
    }),
  ).describe('Files of target groups; `*` in the last part of a path.'),
  refresh_interval: duration.optional().describe('How often they are read; 5m when not given.'),
});

const httpSdConfig = z
  .strictObject({
    url: httpUrl.describe('Address that answers with target groups in JSON.'),
    refresh_interval: duration.optional().describe('How often it is asked; 1m when not given.'),
    ...httpClientFields,
  })
  .superRefine(oneCredential);

/** All fields but `job_name`; `checkScrapeFields` checks that they do not contradict each other. */
export const scrapeConfigFields = {
  static_configs: list(staticConfig).nullish().describe('Endpoints, with labels.'),
  file_sd_configs: list(fileSdConfig).nullish().describe('Endpoints that files name.'),
  http_sd_configs: list(httpSdConfig).nullish().describe('Endpoints that a web service names.'),
  scrape_interval: duration.optional().describe('How often each endpoint is read.'),
  scrape_timeout: duration
    .optional()
    .describe('How long an endpoint may take; 10s when not given, never more than the interval.'),
  scrape_protocols: list(protocol)
    .optional()
    .describe('Formats that an endpoint is asked for, best first; PrometheusProto brings native histograms.'),
  fallback_scrape_protocol: protocol.optional().describe('Format of answers that do not say what they are.'),
  scrape_native_histograms: z.boolean().optional().describe('Ask for native histograms.'),
  scheme: z.enum(['http', 'https']).optional().describe('http when not given.'),
  metrics_path: z.string().startsWith('/').optional().describe('/metrics when not given.'),
  params: z.record(z.string(), z.array(z.string())).optional().describe('Parameters of the request.'),
  honor_labels: z.boolean().optional().describe('Labels of the endpoint win over job and instance.'),
  honor_timestamps: z
    .boolean()
    .optional()
    .describe('Use the times that the endpoint states; true when not given.'),
  body_size_limit: size.optional().describe('Largest answer.'),
  enable_compression: z.boolean().optional().describe('Ask for compressed answers; true when not given.'),
  track_timestamps_staleness: z
    .boolean()
    .optional()
    .describe('Mark series with times of their own as ended too when they are gone.'),
  target_limit: count.optional().describe('Most endpoints; with more of them, none is read. 0 is no limit.'),
  sample_limit: count.optional().describe('Most samples in an answer; 0 is no limit.'),
  label_limit: count.optional().describe('Most labels of a series; 128 when not given.'),
  label_name_length_limit: count
    .optional()
    .describe('Most bytes of the name of a label; 1024 when not given.'),
  label_value_length_limit: count
    .optional()
    .describe('Most bytes of the value of a label; 16384 when not given.'),
  relabel_configs: relabelConfigs
    .nullish()
    .describe('What becomes of the labels of endpoints, and which are read.'),
  metric_relabel_configs: relabelConfigs
    .nullish()
    .describe('What becomes of the labels of samples, and which are kept.'),
  ...httpClientFields,
};

type ScrapeConfigFields = z.output<z.ZodObject<typeof scrapeConfigFields>>;

export function checkScrapeFields(config: ScrapeConfigFields, context: z.core.$RefinementCtx): void {
  oneCredential(config, context);
  const { scrape_interval: interval, scrape_timeout: timeout } = config;
  if (interval !== undefined && timeout !== undefined && timeout > interval)
    complain(context, 'FD105', 'longer than the interval', {
      path: ['scrape_timeout'],
      expected: 'at most the interval',
    });
}

/** An entry of scrape_configs. */
export const scrapeConfig = z
  .strictObject({ job_name: text.describe('The value of the job label.'), ...scrapeConfigFields })
  .superRefine(checkScrapeFields);

export type ScrapeConfig = ScrapeConfigFields & { readonly job_name: string };

export interface ScrapeDefaults {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly bodySizeLimitBytes: number;
  readonly sampleLimit: number;
  readonly labelLimits: LabelLimits;
  readonly nativeHistograms: boolean;
  /** The file's: paths in it are relative to it. */
  readonly folder: string;
}

/** A label bomb must not come in where nobody thought of a limit. */
export const labelLimitsDefault: LabelLimits = { count: 128, nameBytes: 1024, valueBytes: 16 * 1024 };

const fileRefreshMs = 5 * 60_000;
const httpRefreshMs = 60_000;

export function resolveScrapeConfig(config: ScrapeConfig, defaults: ScrapeDefaults): ScrapeSpec {
  const intervalMs = config.scrape_interval ?? defaults.intervalMs;
  const fallback = config.fallback_scrape_protocol;
  const { relabel_configs: relabel, metric_relabel_configs: metricRelabel } = config;
  return {
    jobName: config.job_name,
    targets: (config.static_configs ?? []).flatMap((group) =>
      (group.targets ?? []).map((address) => ({ address, labels: group.labels ?? {} })),
    ),
    discovery: discoveryOf(config, defaults.folder),
    ...(relabel && { relabel: relabel.map(resolveRelabel) }),
    ...(metricRelabel && { metricRelabel: metricRelabel.map(resolveRelabel) }),
    nativeHistograms:
      config.scrape_native_histograms ??
      config.scrape_protocols?.includes('PrometheusProto') ??
      defaults.nativeHistograms,
    ...(config.scrape_protocols && { protocols: config.scrape_protocols }),
    ...(config.target_limit !== undefined && { targetLimit: config.target_limit }),
    ...(config.track_timestamps_staleness !== undefined && {
      trackTimestampsStaleness: config.track_timestamps_staleness,
    }),
    ...(config.enable_compression !== undefined && { compression: config.enable_compression }),
    ...(fallback && { fallbackFormat: scrapeProtocols[fallback].format }),
    labelLimits: {
      count: config.label_limit ?? defaults.labelLimits.count,
      nameBytes: config.label_name_length_limit ?? defaults.labelLimits.nameBytes,
      valueBytes: config.label_value_length_limit ?? defaults.labelLimits.valueBytes,
    },
    scheme: config.scheme ?? 'http',
    metricsPath: config.metrics_path ?? '/metrics',
    params: config.params ?? {},
    intervalMs,
    timeoutMs: config.scrape_timeout ?? Math.min(defaults.timeoutMs, intervalMs),
    honorLabels: config.honor_labels ?? false,
    honorTimestamps: config.honor_timestamps ?? true,
    bodySizeLimitBytes: config.body_size_limit ?? defaults.bodySizeLimitBytes,
    sampleLimit: config.sample_limit ?? defaults.sampleLimit,
    http: resolveHttpClient(config, defaults.folder),
  };
}

function discoveryOf(config: ScrapeConfig, folder: string): DiscoverySpec[] {
  return [
    ...(config.file_sd_configs ?? []).map((each) => ({
      type: 'file' as const,
      paths: each.files.map((path) => resolve(folder, path)),
      refreshMs: each.refresh_interval ?? fileRefreshMs,
    })),
    ...(config.http_sd_configs ?? []).map((each) => ({
      type: 'http' as const,
      url: each.url,
      refreshMs: each.refresh_interval ?? httpRefreshMs,
      http: resolveHttpClient(each, folder),
    })),
  ];
}
