// OTLP metrics as series: names and labels translated, histograms taken apart or made native, each resource described
// by target_info. Deltas are refused: they would need the sums that only their sender has.

import { Labels, metricName } from '../../../base/labels.ts';
import type { Exemplar, MetricFamily, MetricType } from '../exposition/exposition.ts';
import { normalBound } from '../exposition/number.ts';
import { type IngestOptions, withTypeAndUnit } from '../ingest-options.ts';
import type { WriteRequest, WrittenSample, WrittenSeries } from '../remote-write/request.ts';
import { exponentialHistogram } from './exponential.ts';
import type {
  Attributes,
  ExponentialPoint,
  HistogramPoint,
  NumberPoint,
  OtlpData,
  OtlpMetric,
  OtlpResource,
  SummaryPoint,
} from './model.ts';
import { prometheusLabel, prometheusName, prometheusUnit } from './names.ts';

export interface TranslatedOtlp extends WriteRequest {
  /** Data points that were not taken. */
  readonly rejected: number;
}

type Point = NumberPoint | HistogramPoint | ExponentialPoint | SummaryPoint;

export function translateOtlp(
  resources: readonly OtlpResource[],
  ingest: IngestOptions = {},
): TranslatedOtlp {
  const translation = new Translation(ingest);
  for (const resource of resources) translation.resource(resource);
  const { series, families, mistakes, rejected } = translation;
  return { series, families, mistakes, rejected };
}

class Translation {
  readonly series: WrittenSeries[] = [];
  readonly families: MetricFamily[] = [];
  readonly mistakes: string[] = [];
  rejected = 0;
  readonly #withTypeAndUnit: boolean;
  #identity: Record<string, string> = {};
  /** Of the metric that is being translated. */
  #metadata: { readonly type: MetricType; readonly unit: string } = { type: 'unknown', unit: '' };
  #earliestMs = Number.POSITIVE_INFINITY;
  #latestMs = 0;

  constructor({ typeAndUnitLabels = false }: IngestOptions) {
    this.#withTypeAndUnit = typeAndUnitLabels;
  }

  resource({ attributes, metrics }: OtlpResource): void {
    this.#identity = identityOf(attributes);
    this.#latestMs = 0;
    this.#earliestMs = Number.POSITIVE_INFINITY;
    for (const metric of metrics) this.#metric(metric);
    this.#targetInfo(attributes);
  }

  #metric(metric: OtlpMetric): void {
    const { data } = metric;
    if (!data || data.points.length === 0) return;
    if ('temporality' in data && data.temporality !== 'cumulative') {
      this.rejected += data.points.length;
      this.mistakes.push(
        `invalid temporality and type combination for metric ${JSON.stringify(metric.name)}`,
      );
      return;
    }
    const type = typeOf(data);
    const kind = type === 'counter' || type === 'gauge' ? type : 'other';
    const name = prometheusName(metric.name, metric.unit, kind);
    if (name === '') {
      this.rejected += data.points.length;
      this.mistakes.push('a metric has no name');
      return;
    }
    const unit = prometheusUnit(metric.unit);
    this.#metadata = { type, unit };
    this.families.push({ name, type, help: metric.description, unit });
    this.#points(name, data);
  }

  #points(name: string, data: OtlpData): void {
    switch (data.kind) {
      case 'gauge':
      case 'sum':
        for (const point of data.points) this.#add(name, point, point.value);
        break;
      case 'histogram':
        for (const point of data.points) this.#histogram(name, point);
        break;
      case 'exponential':
        for (const point of data.points) this.#exponential(name, point);
        break;
      case 'summary':
        for (const point of data.points) this.#summary(name, point);
    }
  }

  #histogram(name: string, point: HistogramPoint): void {
    const { bounds, bucketCounts, count, sum } = point;
    let below = 0;
    for (const [i, bound] of bounds.entries()) {
      below += bucketCounts[i] ?? 0;
      const lower = bounds[i - 1] ?? Number.NEGATIVE_INFINITY;
      const exemplars = point.exemplars.filter(({ value }) => value > lower && value <= bound);
      this.#add(`${name}_bucket`, { ...point, exemplars }, below, { le: normalBound(String(bound)) });
    }
    const last = bounds.at(-1) ?? Number.NEGATIVE_INFINITY;
    const rest = { ...point, exemplars: point.exemplars.filter(({ value }) => value > last) };
    this.#add(`${name}_bucket`, rest, count, { le: '+Inf' });
    const bare = { ...point, exemplars: [] };
    this.#add(`${name}_count`, bare, count);
    if (sum !== undefined) this.#add(`${name}_sum`, bare, sum);
  }

  #exponential(name: string, point: ExponentialPoint): void {
    const histogram = exponentialHistogram(point);
    if (typeof histogram === 'string') {
      this.rejected++;
      this.mistakes.push(`${name}: ${histogram}`);
      return;
    }
    const sample = { ...this.#sample(point, 0), histogram: point.isGap ? undefined : histogram };
    this.#push(name, point, sample, {});
  }

  #summary(name: string, point: SummaryPoint): void {
    for (const { quantile, value } of point.quantiles)
      this.#add(name, point, value, { quantile: normalBound(String(quantile)) });
    this.#add(`${name}_sum`, point, point.sum);
    this.#add(`${name}_count`, point, point.count);
  }

  #add(name: string, point: Point, value: number, more: Record<string, string> = {}): void {
    this.#push(name, point, this.#sample(point, value), more);
  }

  #sample({ atMs, startMs, isGap }: Point, value: number): WrittenSample {
    return { atMs, value, stale: isGap, histogram: undefined, startMs: startMs > 0 ? startMs : undefined };
  }

  #push(name: string, point: Point, sample: WrittenSample, more: Record<string, string>): void {
    this.#latestMs = Math.max(this.#latestMs, point.atMs);
    this.#earliestMs = Math.min(this.#earliestMs, point.atMs);
    const record = { ...labelsOf(point.attributes), ...this.#identity, ...more, [metricName]: name };
    const labels = Labels.from(
      this.#withTypeAndUnit ? withTypeAndUnit(Object.entries(record), this.#metadata) : record,
    );
    this.series.push({ labels, samples: [sample], exemplars: point.exemplars.map(exemplarOf) });
  }

  /** What else is known of the resource, beside job and instance, which must name it. */
  #targetInfo(attributes: Attributes): void {
    const rest = attributes.filter(([key]) => !identifying.has(key));
    if (rest.length === 0 || this.#latestMs === 0 || Object.keys(this.#identity).length === 0) return;
    const labels = Labels.from({ ...labelsOf(rest), ...this.#identity, [metricName]: 'target_info' });
    const samples: WrittenSample[] = [];
    // Often enough for look-back to find it anywhere between the resource's first point and its last.
    const steps = Math.min(targetInfoMax, Math.ceil((this.#latestMs - this.#earliestMs) / targetInfoEveryMs));
    for (let left = steps; left >= 0; left--) {
      const atMs = left === 0 ? this.#latestMs : this.#earliestMs + (steps - left) * targetInfoEveryMs;
      samples.push({ atMs, value: 1, stale: false, histogram: undefined, startMs: undefined });
    }
    this.series.push({ labels, samples, exemplars: [] });
    this.families.push({ name: 'target_info', type: 'gauge', help: 'Target metadata', unit: '' });
  }
}

/** Half of the default look-back. */
const targetInfoEveryMs = 150_000;
/** A request that claims to reach over years describes its resource this many times, and at its end. */
const targetInfoMax = 1000;

const identifying: ReadonlySet<string> = new Set([
  'service.name',
  'service.namespace',
  'service.instance.id',
]);

function identityOf(attributes: Attributes): Record<string, string> {
  const value = new Map(attributes);
  const [name, space] = [value.get('service.name'), value.get('service.namespace')];
  const instance = value.get('service.instance.id');
  return {
    ...(name && { job: space ? `${space}/${name}` : name }),
    ...(instance && { instance }),
  };
}

/** Keys that come out the same share a label: their values in the order of the keys, with a semicolon between. */
function labelsOf(attributes: Attributes): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [key, value] of attributes.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const name = prometheusLabel(key);
    if (name === '') continue;
    labels[name] = Object.hasOwn(labels, name) ? `${labels[name]};${value}` : value;
  }
  return labels;
}

function exemplarOf({ atMs, value, attributes, traceId, spanId }: Point['exemplars'][number]): Exemplar {
  const ids: [string, string][] = [];
  if (traceId !== '') ids.push(['trace_id', traceId]);
  if (spanId !== '') ids.push(['span_id', spanId]);
  const all = [...ids, ...attributes.map(([key, text]) => [prometheusLabel(key), text] as const)];
  const length = all.reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  // The ids are what an exemplar is for; what does not fit beside them is left out.
  return { labels: length <= 128 ? all : ids, value, atMs };
}

function typeOf(data: OtlpData): MetricType {
  if (data.kind === 'sum') return data.isMonotonic ? 'counter' : 'gauge';
  if (data.kind === 'summary') return 'summary';
  return data.kind === 'gauge' ? 'gauge' : 'histogram';
}
