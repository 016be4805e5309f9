// What Prometheus keeps behind `--enable-feature`, under the same names.
// https://prometheus.io/docs/prometheus/latest/feature_flags/

import { nearest } from '../base/diagnostics.ts';
import type { IngestOptions } from '../telemetry/metrics/ingest-options.ts';

export const featureNames = [
  'promql-experimental-functions',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
  'promql-delayed-name-removal',
  'type-and-unit-labels',
  'use-start-timestamps',
  'st-storage',
  'created-timestamp-zero-ingestion',
] as const;

const zerosAtStart: (typeof featureNames)[number] = 'created-timestamp-zero-ingestion';

export type FeatureName = (typeof featureNames)[number];

export type Features = ReadonlySet<FeatureName>;

export const noFeatures: Features = new Set();

/** For text that was checked with its own features already, or will be. */
export const allFeatures: Features = new Set(featureNames);

/** What the flags mean for samples that come in. */
export function ingestOptionsOf(features: Features): IngestOptions {
  return {
    typeAndUnitLabels: features.has('type-and-unit-labels'),
    createdLinesAsStarts: features.has('st-storage') || features.has(zerosAtStart),
  };
}

/** What the flags mean for the store that they come into. */
export function storeOptionsOf(features: Features): { readonly zeroAtStart: boolean } {
  return { zeroAtStart: features.has(zerosAtStart) };
}

/** Names for what is always on here, and for what Prometheus itself has made the default since. */
const alwaysOn: ReadonlySet<string> = new Set([
  'exemplar-storage',
  'native-histograms',
  'otlp-write-receiver',
  'promql-at-modifier',
  'promql-negative-offset',
  'remote-write-receiver',
  'utf8-names',
]);

/** What changes nothing here: how Prometheus stores and schedules, and what the embedded engine does not do. */
const withoutEffect: ReadonlySet<string> = new Set([
  'agent',
  'auto-gomaxprocs',
  'auto-gomemlimit',
  'auto-reload-config',
  'concurrent-rule-eval',
  'delayed-compaction',
  'expand-external-labels',
  'extra-scrape-metrics',
  'memory-snapshot-on-shutdown',
  'metadata-wal-records',
  'new-service-discovery-manager',
  'no-default-scrape-port',
  'old-ui',
  'ooo-native-histograms',
  'otlp-deltatocumulative',
  'otlp-native-delta-ingestion',
  'promql-per-step-stats',
  'use-uncached-io',
  'xor2-encoding',
]);

export type NamedFeature =
  | { readonly kind: 'feature'; readonly feature: FeatureName }
  | { readonly kind: 'always on' | 'without effect' }
  | { readonly kind: 'unknown'; readonly nearest: string | undefined };

/** What the name of a feature stands for here. */
export function namedFeature(name: string): NamedFeature {
  const feature = featureNames.find((known) => known === name);
  if (feature) return { kind: 'feature', feature };
  if (alwaysOn.has(name)) return { kind: 'always on' };
  if (withoutEffect.has(name)) return { kind: 'without effect' };
  return { kind: 'unknown', nearest: nearest(name, [...featureNames, ...alwaysOn, ...withoutEffect]) };
}
