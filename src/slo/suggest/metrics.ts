// What a source of metrics holds, by metric and job: what the detectors of signals look through.

import { type LabelRecord, Labels } from '../../base/labels.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import type { RemoteApi } from '../../telemetry/remote/api.ts';

export interface Metric {
  readonly name: string;
  /** As the exposition says it, else by the name: `counter`, `gauge`, `histogram`, `summary`, `unknown`. */
  readonly type: string;
  /** The label `job`; empty where series have none. */
  readonly job: string;
  readonly series: readonly Labels[];
}

/** Series of one metric and job that are looked at; more of them say nothing new about its labels. */
const seriesMax = 2000;
/** Names in one question to a remote. */
const namesAtOnce = 40;

export class Metrics {
  readonly #byName = new Map<string, Metric[]>();

  constructor(series: Iterable<Labels>, types: ReadonlyMap<string, string>) {
    const found = new Map<string, { name: string; job: string; series: Labels[] }>();
    for (const labels of series) {
      const key = JSON.stringify([labels.name, labels.get('job')]);
      const known = found.get(key) ?? { name: labels.name, job: labels.get('job'), series: [] };
      if (known.series.length < seriesMax) known.series.push(labels);
      found.set(key, known);
    }
    const all = [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [, { name, job, series: own }] of all) {
      const metric = { name, job, series: own, type: types.get(name) ?? typeByName(name) };
      this.#byName.set(name, [...(this.#byName.get(name) ?? []), metric]);
    }
  }

  /** By name, and of one name by job. */
  all(): Metric[] {
    return [...this.#byName.values()].flat();
  }

  /** Those of these jobs. */
  only(jobs: ReadonlySet<string>): Metrics {
    const kept = this.all().filter(({ job }) => jobs.has(job));
    return new Metrics(
      kept.flatMap(({ series }) => series),
      new Map(kept.map(({ name, type }) => [name, type])),
    );
  }

  /** The metric of that name and job. */
  of(name: string, job: string): Metric | undefined {
    return this.#byName.get(name)?.find((metric) => metric.job === job);
  }
}

/** What the name tells, by the conventions of Prometheus and OpenMetrics. */
function typeByName(name: string): string {
  if (/_(?:total|count|sum|bucket)$/.test(name)) return 'counter';
  return 'unknown';
}

/** Of native histograms the samples themselves say what they are. */
export function metricsOfStore(store: Queryable, fromMs: number, toMs: number): Metrics {
  const views = store.select([], fromMs, toMs);
  const native = views.filter(({ histograms }) => histograms !== undefined);
  const types = new Map(native.map(({ labels }) => [labels.name, 'histogram']));
  return new Metrics(
    views.map(({ labels }) => labels),
    types,
  );
}

/** Rejects with what RemoteApi rejects with. */
export async function metricsOfRemote(api: RemoteApi, fromMs: number, toMs: number): Promise<Metrics> {
  const [names, types] = await Promise.all([api.metricNames(), api.metricTypes()]);
  const series: Labels[] = [];
  for (let i = 0; i < names.length; i += namesAtOnce) {
    const some = names.slice(i, i + namesAtOnce).map((name) => name.replace(/[^\w:]/g, '.'));
    series.push(...(await api.series(`{__name__=~"${some.join('|')}"}`, fromMs, toMs)));
  }
  return new Metrics(series, types);
}

/** Distinct values of a label, sorted; series without it give none. */
export function valuesOf({ series }: Metric, label: string): string[] {
  return [...new Set(series.map((labels) => labels.get(label)).filter((value) => value !== ''))].sort();
}

/** Names of labels that every series has, beside the metric's own name. */
export function labelsOf({ series }: Metric): string[] {
  const [first, ...rest] = series;
  return (first?.pairs ?? [])
    .map(([name]) => name)
    .filter((name) => name !== '__name__' && rest.every((labels) => labels.has(name)));
}

/** `name{job="web", code=~"5.."}`: matchers are written as given, behind that of the job. */
export function selector(name: string, job: string, ...matchers: readonly string[]): string {
  const all = [...(job === '' ? [] : [equals({ job })]), ...matchers];
  return all.length === 0 ? name : `${name}{${all.join(', ')}}`;
}

export function equals(labels: LabelRecord): string {
  return Labels.from(labels).toString().slice(1, -1);
}
