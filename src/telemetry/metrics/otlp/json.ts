// ExportMetricsServiceRequest from JSON: the same message with names in camelCase, 64-bit numbers as strings, ids in
// hexadecimal. Unknown keys are passed over, as the specification asks.
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

import { z } from 'zod';
import { type Attributes, type OtlpData, type OtlpResource, otlpBucketsMax, temporalities } from './model.ts';

/** int64, fixed64 and the like stand as text or as a number; doubles also as "NaN", "Infinity", "-Infinity". */
const number = z
  .union([z.number(), z.string().regex(/^(-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity)$/)])
  .transform(Number);
const nanos = number.transform((value) => Math.trunc(value / 1e6)).default(0);
const keyValue = z.object({ key: z.string(), value: z.unknown() });
const attributes = z
  .array(keyValue)
  .default([])
  .transform((list): Attributes => list.map(({ key, value }) => [key, valueText(value)] as const));

const exemplar = z
  .object({
    timeUnixNano: nanos,
    asDouble: number.optional(),
    asInt: number.optional(),
    filteredAttributes: attributes,
    traceId: z.string().default(''),
    spanId: z.string().default(''),
  })
  .transform(({ timeUnixNano, asDouble, asInt, filteredAttributes, ...ids }) => ({
    ...ids,
    atMs: timeUnixNano,
    value: asDouble ?? asInt ?? 0,
    attributes: filteredAttributes,
  }));

const point = {
  attributes,
  startTimeUnixNano: nanos,
  timeUnixNano: nanos,
  flags: number.default(0),
  exemplars: z.array(exemplar).default([]),
};

interface RawPoint {
  readonly startTimeUnixNano: number;
  readonly timeUnixNano: number;
  readonly flags: number;
}

function times<T extends RawPoint>(
  raw: T,
): Omit<T, keyof RawPoint> & {
  startMs: number;
  atMs: number;
  isGap: boolean;
} {
  const { startTimeUnixNano: startMs, timeUnixNano: atMs, flags, ...rest } = raw;
  return { ...rest, startMs, atMs, isGap: flags % 2 === 1 };
}

const numberPoint = z
  .object({ ...point, asDouble: number.optional(), asInt: number.optional() })
  .transform(({ asDouble, asInt, ...rest }) => ({ ...times(rest), value: asDouble ?? asInt ?? 0 }));

const counts = z.array(number).max(otlpBucketsMax).default([]);

const histogramPoint = z
  .object({
    ...point,
    count: number.default(0),
    sum: number.optional(),
    bucketCounts: counts,
    explicitBounds: counts,
  })
  .transform(({ explicitBounds: bounds, sum, ...rest }) => ({ ...times(rest), sum, bounds }));

const side = z
  .object({ offset: number.default(0), bucketCounts: counts })
  .default({ offset: 0, bucketCounts: [] })
  .transform(({ offset, bucketCounts }) => ({ offset, counts: bucketCounts }));

const exponentialPoint = z
  .object({
    ...point,
    count: number.default(0),
    sum: number.optional(),
    scale: number.default(0),
    zeroCount: number.default(0),
    zeroThreshold: number.default(0),
    positive: side,
    negative: side,
  })
  .transform(({ sum, ...rest }) => ({ ...times(rest), sum }));

const summaryPoint = z
  .object({
    ...point,
    count: number.default(0),
    sum: number.default(0),
    quantileValues: z.array(z.object({ quantile: number.default(0), value: number.default(0) })).default([]),
  })
  .transform(({ quantileValues: quantiles, ...rest }) => ({ ...times(rest), quantiles }));

const temporality = z
  .union([z.int(), z.string()])
  .default(0)
  .transform((value) => {
    if (typeof value === 'number') return temporalities[value] ?? 'unspecified';
    return value.endsWith('_DELTA') ? 'delta' : value.endsWith('_CUMULATIVE') ? 'cumulative' : 'unspecified';
  });

const metric = z
  .object({
    name: z.string().default(''),
    description: z.string().default(''),
    unit: z.string().default(''),
    gauge: z.object({ dataPoints: z.array(numberPoint).default([]) }).optional(),
    sum: z
      .object({
        dataPoints: z.array(numberPoint).default([]),
        aggregationTemporality: temporality,
        isMonotonic: z.boolean().default(false),
      })
      .optional(),
    histogram: z
      .object({ dataPoints: z.array(histogramPoint).default([]), aggregationTemporality: temporality })
      .optional(),
    exponentialHistogram: z
      .object({ dataPoints: z.array(exponentialPoint).default([]), aggregationTemporality: temporality })
      .optional(),
    summary: z.object({ dataPoints: z.array(summaryPoint).default([]) }).optional(),
  })
  .transform(({ name, description, unit, ...kinds }) => ({ name, description, unit, data: dataOf(kinds) }));

function dataOf(kinds: {
  gauge?: { dataPoints: Extract<OtlpData, { kind: 'gauge' }>['points'] } | undefined;
  sum?: SumFields | undefined;
  histogram?: HistogramFields<'histogram'> | undefined;
  exponentialHistogram?: HistogramFields<'exponential'> | undefined;
  summary?: { dataPoints: Extract<OtlpData, { kind: 'summary' }>['points'] } | undefined;
}): OtlpData | undefined {
  const { gauge, sum, histogram, exponentialHistogram: exponential, summary } = kinds;
  if (gauge) return { kind: 'gauge', points: gauge.dataPoints };
  if (sum) {
    const { dataPoints: points, aggregationTemporality, isMonotonic } = sum;
    return { kind: 'sum', points, temporality: aggregationTemporality, isMonotonic };
  }
  if (histogram)
    return { kind: 'histogram', points: histogram.dataPoints, temporality: histogram.aggregationTemporality };
  if (exponential)
    return {
      kind: 'exponential',
      points: exponential.dataPoints,
      temporality: exponential.aggregationTemporality,
    };
  return summary && { kind: 'summary', points: summary.dataPoints };
}

type SumData = Extract<OtlpData, { kind: 'sum' }>;
interface SumFields {
  readonly dataPoints: SumData['points'];
  readonly aggregationTemporality: SumData['temporality'];
  readonly isMonotonic: boolean;
}
interface HistogramFields<K extends 'histogram' | 'exponential'> {
  readonly dataPoints: Extract<OtlpData, { kind: K }>['points'];
  readonly aggregationTemporality: SumData['temporality'];
}

const request = z.object({
  resourceMetrics: z
    .array(
      z.object({
        resource: z.object({ attributes }).optional(),
        scopeMetrics: z.array(z.object({ metrics: z.array(metric).default([]) })).default([]),
      }),
    )
    .default([]),
});

/** The resources, or what is wrong with the body. */
export function readOtlpJson(body: string): OtlpResource[] | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    return (error as Error).message.slice(0, 200);
  }
  const checked = request.safeParse(value);
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    return `${issue.path.join('.')}: ${issue.message}`.slice(0, 300);
  }
  return checked.data.resourceMetrics.map(({ resource, scopeMetrics }) => ({
    attributes: resource?.attributes ?? [],
    metrics: scopeMetrics.flatMap(({ metrics }) => metrics),
  }));
}

function valueText(value: unknown): string {
  const plain = plainValue(value, 0);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}

const valueDepthMax = 16;

/** AnyValue: an object whose one key says of which type the value is. */
function plainValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > valueDepthMax) return '';
  const fields = value as Record<string, unknown>;
  if (typeof fields.intValue === 'string' || typeof fields.intValue === 'number')
    return Number(fields.intValue);
  for (const key of ['stringValue', 'boolValue', 'doubleValue', 'bytesValue'])
    if (['string', 'boolean', 'number'].includes(typeof fields[key])) return fields[key];
  const { values } = (fields.arrayValue ?? fields.kvlistValue ?? {}) as { values?: unknown };
  if (!Array.isArray(values)) return '';
  if (fields.arrayValue) return values.map((inner) => plainValue(inner, depth + 1));
  return Object.fromEntries(
    values.map((inner) => [String(inner?.key ?? ''), plainValue(inner?.value, depth + 1)]),
  );
}
