// One entry of scrape_configs in prometheus.yml.
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config

import { resolve } from 'node:path';
import { z } from 'zod';
import { complain, duration, httpUrl, size, text } from '../../base/scalars.ts';
import type { ExpositionFormat } from '../metrics/exposition/content-type.ts';
import type { DiscoverySpec, ScrapeSpec } from '../metrics/scrape-spec.ts';
import { httpClientFields, oneCredential, resolveHttpClient } from './http-client.ts';
import { relabelConfigs, resolveRelabel } from './relabel-config.ts';

const labels = z.record(text, z.string());
const count = z.int().min(0);
const protocols = {
  PrometheusProto: 'protobuf',
  'PrometheusText0.0.4': 'text',
  'PrometheusText1.0.0': 'text',
  'OpenMetricsText0.0.1': 'openmetrics',
  'OpenMetricsText1.0.0': 'openmetrics',
} as const satisfies Record<string, ExpositionFormat>;
const protocol = z.enum(Object.keys(protocols) as [keyof typeof protocols]);

const staticConfig = z.strictObject({ targets: z.array(text).nullish(), labels: labels.nullish() });

const fileSdConfig = z.strictObject({
  files: z.array(
    text.refine((path) => /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/.test(path), {
      error: (issue) => `${JSON.stringify(issue.input)} is not a path of target files`,
      params: { expected: 'a path that ends in .json, .yml or .yaml, with `*` in its last part only' },
    }),
  ),
  refresh_interval: duration.optional(),
});

const httpSdConfig = z
  .strictObject({ url: httpUrl, refresh_interval: duration.optional(), ...httpClientFields })
  .superRefine(oneCredential);

export const scrapeConfig = z
  .strictObject({
    job_name: text,
    scrape_interval: duration.optional(),
    scrape_timeout: duration.optional(),
    scrape_protocols: z.array(protocol).optional(),
    fallback_scrape_protocol: protocol.optional(),
    scrape_native_histograms: z.boolean().optional(),
    scheme: z.enum(['http', 'https']).optional(),
    metrics_path: z.string().startsWith('/').optional(),
    params: z.record(z.string(), z.array(z.string())).optional(),
    honor_labels: z.boolean().optional(),
    honor_timestamps: z.boolean().optional(),
    body_size_limit: size.optional(),
    sample_limit: count.optional(),
    label_limit: count.optional(),
    label_name_length_limit: count.optional(),
    label_value_length_limit: count.optional(),
    static_configs: z.array(staticConfig).nullish(),
    file_sd_configs: z.array(fileSdConfig).nullish(),
    http_sd_configs: z.array(httpSdConfig).nullish(),
    relabel_configs: relabelConfigs.nullish(),
    metric_relabel_configs: relabelConfigs.nullish(),
    ...httpClientFields,
  })
  .superRefine((config, context) => {
    oneCredential(config, context);
    const { scrape_interval: interval, scrape_timeout: timeout } = config;
    if (interval !== undefined && timeout !== undefined && timeout > interval)
      complain(context, 'FD105', 'longer than the interval', {
        path: ['scrape_timeout'],
        expected: 'at most scrape_interval',
      });
  });

export type ScrapeConfig = z.output<typeof scrapeConfig>;

export interface ScrapeDefaults {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly bodySizeLimitBytes: number;
  readonly sampleLimit: number;
  readonly labelLimits: { readonly count: number; readonly nameBytes: number; readonly valueBytes: number };
  readonly nativeHistograms: boolean;
  /** The file's: paths in it are relative to it. */
  readonly folder: string;
}

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
    ...(fallback && { fallbackFormat: protocols[fallback] }),
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
