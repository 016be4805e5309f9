// OTLP metrics as both encodings deliver them, reduced to what is translated.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto

/** Keys and values as text. */
export type Attributes = readonly (readonly [key: string, value: string])[];

export interface OtlpExemplar {
  readonly atMs: number;
  readonly value: number;
  readonly attributes: Attributes;
  /** Hexadecimal; empty when there is none. */
  readonly traceId: string;
  readonly spanId: string;
}

interface Point {
  readonly attributes: Attributes;
  readonly startMs: number;
  readonly atMs: number;
  /** The series ended: a stale marker. */
  readonly isGap: boolean;
  readonly exemplars: readonly OtlpExemplar[];
}

export interface NumberPoint extends Point {
  readonly value: number;
}

export interface HistogramPoint extends Point {
  readonly count: number;
  readonly sum: number | undefined;
  /** One more than bounds, or none. */
  readonly bucketCounts: readonly number[];
  readonly bounds: readonly number[];
}

export interface ExponentialSide {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface ExponentialPoint extends Point {
  readonly count: number;
  readonly sum: number | undefined;
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: ExponentialSide;
  readonly negative: ExponentialSide;
}

export interface SummaryPoint extends Point {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export type Temporality = 'unspecified' | 'delta' | 'cumulative';

export const temporalities: readonly Temporality[] = ['unspecified', 'delta', 'cumulative'];

export type OtlpData =
  | { readonly kind: 'gauge'; readonly points: readonly NumberPoint[] }
  | {
      readonly kind: 'sum';
      readonly points: readonly NumberPoint[];
      readonly temporality: Temporality;
      readonly isMonotonic: boolean;
    }
  | {
      readonly kind: 'histogram';
      readonly points: readonly HistogramPoint[];
      readonly temporality: Temporality;
    }
  | {
      readonly kind: 'exponential';
      readonly points: readonly ExponentialPoint[];
      readonly temporality: Temporality;
    }
  | { readonly kind: 'summary'; readonly points: readonly SummaryPoint[] };

export interface OtlpMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  /** Undefined for a metric without points. */
  readonly data: OtlpData | undefined;
}

export interface OtlpResource {
  readonly attributes: Attributes;
  readonly metrics: readonly OtlpMetric[];
}

/** Buckets of one histogram that are taken. */
export const otlpBucketsMax = 10_000;
