import type { LabelRecord } from '../../base/labels.ts';
import type { HttpClientSpec } from '../http-client-spec.ts';

/** Scraping: the fields of a Prometheus scrape_config that we read. */
export interface ScrapeSpec {
  readonly jobName: string;
  readonly targets: readonly { readonly address: string; readonly labels: LabelRecord }[];
  readonly scheme: 'http' | 'https';
  readonly metricsPath: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly bodySizeLimitBytes: number;
  readonly sampleLimit: number;
  readonly http: HttpClientSpec;
}

export interface RemoteSpec {
  readonly url: string;
  readonly http: HttpClientSpec;
  /** How often the remote is read. */
  readonly intervalMs: number;
}
