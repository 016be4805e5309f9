import type { LabelRecord } from '../../base/labels.ts';
import type { HttpClientSpec } from '../http-client-spec.ts';
import type { ExpositionFormat, ScrapeProtocol } from './exposition/content-type.ts';
import type { RelabelRule } from './relabel/relabel.ts';

/** Scraping: the fields of a Prometheus scrape_config that we read. */
export interface ScrapeSpec {
  readonly jobName: string;
  readonly targets: readonly DeclaredTarget[];
  /** Where further targets are found while we run. */
  readonly discovery?: readonly DiscoverySpec[];
  /** On the labels of a target, before it is scraped. */
  readonly relabel?: readonly RelabelRule[];
  /** On the labels of each series that was scraped. */
  readonly metricRelabel?: readonly RelabelRule[];
  /** Asks for protobuf first, where `protocols` does not say otherwise. */
  readonly nativeHistograms?: boolean;
  /** What a target is asked for, the best first. */
  readonly protocols?: readonly ScrapeProtocol[];
  /** For answers that do not say what they are. */
  readonly fallbackFormat?: ExpositionFormat;
  readonly labelLimits?: LabelLimits;
  /** With more targets, none is scraped and each fails; 0 is no limit. */
  readonly targetLimit?: number;
  /** A series that brings its own timestamps gets a stale marker too when it is gone. */
  readonly trackTimestampsStaleness?: boolean;
  /** Whether a target is asked to compress; true when absent. */
  readonly compression?: boolean;
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

export interface DeclaredTarget {
  readonly address: string;
  readonly labels: LabelRecord;
}

/** 0 is no limit. */
export interface LabelLimits {
  /** Of one series, its name among them. */
  readonly count: number;
  readonly nameBytes: number;
  readonly valueBytes: number;
}

export type DiscoverySpec =
  | { readonly type: 'file'; readonly paths: readonly string[]; readonly refreshMs: number }
  | {
      readonly type: 'http';
      readonly url: string;
      readonly refreshMs: number;
      readonly http: HttpClientSpec;
    };

export interface RemoteSpec {
  readonly url: string;
  readonly http: HttpClientSpec;
  /** How often the remote is read. */
  readonly intervalMs: number;
}
