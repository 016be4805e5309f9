// Series that are sent to us, by remote write or OTLP, into the store. A request holds series of many targets; those
// of one target and time share a batch, so that they share a column of timestamps as if we had scraped them.

import type { Labels } from '../../base/labels.ts';
import type { ExemplarStore } from './exemplars.ts';
import type { MetadataStore } from './metadata.ts';
import type { WriteRequest } from './remote-write/request.ts';
import type { LabelLimits } from './scrape-spec.ts';
import type { BatchSample, SeriesStore } from './store.ts';
import { labelMistake } from './target-labels.ts';

export interface PushSinks {
  readonly store: SeriesStore;
  readonly metadata: MetadataStore;
  readonly exemplars: ExemplarStore;
  readonly labelLimits: LabelLimits;
  /** How a protocol's sources are called in the store. */
  readonly source: string;
}

export interface PushOutcome {
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
  /** What was not taken, and why: the first few reasons. */
  readonly mistakes: readonly string[];
}

/** Reasons that an answer has at most. */
const mistakesMax = 5;

/** Throws FD708 when the store is full. */
export function push(request: WriteRequest, sinks: PushSinks): PushOutcome {
  const mistakes = [...request.mistakes];
  const batches = new Batches();
  let samples = 0;
  let histograms = 0;
  for (const series of request.series) {
    const { source, mistake } = knownOf(series.labels, sinks);
    if (mistake !== undefined) {
      mistakes.push(mistake);
      continue;
    }
    for (const sample of series.samples) {
      if (sample.histogram) histograms++;
      else samples++;
      batches.at(source, sample.atMs).push(sampleOf(series.labels, sample));
    }
  }
  const droppedBefore = sinks.store.droppedCount;
  // Of one series in the order of its times, whatever order the request has them in.
  for (const batch of batches.ordered()) sinks.store.appendBatch(batch);
  const dropped = sinks.store.droppedCount - droppedBefore;
  if (dropped > 0) mistakes.push(`out of order or duplicate sample: ${dropped} not stored`);
  const exemplars = pushExemplars(request, sinks, mistakes);
  sinks.metadata.add(sinks.source, request.families);
  const written = Math.max(0, samples - dropped);
  return { samples: written, histograms, exemplars, mistakes: mistakes.slice(0, mistakesMax) };
}

function pushExemplars({ series }: WriteRequest, sinks: PushSinks, mistakes: string[]): number {
  let taken = 0;
  for (const { labels, exemplars } of series) {
    for (const exemplar of exemplars) {
      const mistake = sinks.exemplars.add(labels, exemplar, exemplar.atMs ?? 0);
      if (mistake === undefined) taken++;
      // As in Prometheus, an exemplar that comes late is no error of the request.
      else if (mistake !== 'out of order exemplar') mistakes.push(mistake);
    }
  }
  return taken;
}

interface GrowingBatch {
  readonly source: string;
  readonly atMs: number;
  readonly samples: BatchSample[];
}

class Batches {
  readonly #bySource = new Map<string, Map<number, GrowingBatch>>();
  /** What stands together in a request mostly belongs together. */
  #last: GrowingBatch | undefined;

  /** The samples of the batch of this source and time. */
  at(source: string, atMs: number): BatchSample[] {
    if (this.#last?.atMs === atMs && this.#last.source === source) return this.#last.samples;
    let byTime = this.#bySource.get(source);
    if (!byTime) {
      byTime = new Map();
      this.#bySource.set(source, byTime);
    }
    let batch = byTime.get(atMs);
    if (!batch) {
      batch = { source, atMs, samples: [] };
      byTime.set(atMs, batch);
    }
    this.#last = batch;
    return batch.samples;
  }

  ordered(): GrowingBatch[] {
    const batches = [...this.#bySource.values()].flatMap((byTime) => [...byTime.values()]);
    return batches.sort((a, b) => a.atMs - b.atMs);
  }
}

/** What was found out about a label set for one kind of sink. */
interface KnownSeries {
  readonly limits: LabelLimits;
  readonly protocol: string;
  readonly source: string;
  readonly mistake: string | undefined;
}

const knownSeries = new WeakMap<Labels, KnownSeries>();

function knownOf(labels: Labels, { source: protocol, labelLimits: limits }: PushSinks): KnownSeries {
  let known = knownSeries.get(labels);
  if (!known || known.limits !== limits || known.protocol !== protocol) {
    const source = `${protocol}/${labels.get('job')}/${labels.get('instance')}`;
    known = { limits, protocol, source, mistake: labelMistake(labels, limits) };
    knownSeries.set(labels, known);
  }
  return known;
}

function sampleOf(labels: Labels, sample: WriteRequest['series'][number]['samples'][number]): BatchSample {
  const { value, stale, histogram, startMs } = sample;
  if (stale) return { labels, value: Number.NaN, stale: true };
  if (histogram) return { labels, value: 0, histogram, ...(startMs !== undefined && { startMs }) };
  return startMs === undefined ? { labels, value } : { labels, value, startMs };
}
