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
  const batches = new Map<string, { source: string; atMs: number; samples: BatchSample[] }>();
  let samples = 0;
  let histograms = 0;
  for (const series of request.series) {
    const mistake = labelMistake(series.labels, sinks.labelLimits);
    if (mistake !== undefined) {
      mistakes.push(mistake);
      continue;
    }
    const source = sourceOf(sinks.source, series.labels);
    for (const sample of series.samples) {
      if (sample.histogram) histograms++;
      else samples++;
      batchAt(batches, source, sample.atMs).push(sampleOf(series.labels, sample));
    }
  }
  const droppedBefore = sinks.store.droppedCount;
  // Of one series in the order of its times, whatever order the request has them in.
  const ordered = [...batches.values()].sort((a, b) => a.atMs - b.atMs);
  for (const batch of ordered) sinks.store.appendBatch(batch);
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

function batchAt(
  batches: Map<string, { source: string; atMs: number; samples: BatchSample[] }>,
  source: string,
  atMs: number,
): BatchSample[] {
  const key = `${source} ${atMs}`;
  let batch = batches.get(key);
  if (!batch) {
    batch = { source, atMs, samples: [] };
    batches.set(key, batch);
  }
  return batch.samples;
}

const sources = new WeakMap<Labels, string>();

function sourceOf(protocol: string, labels: Labels): string {
  let source = sources.get(labels);
  if (source === undefined) {
    source = `${protocol}/${labels.get('job')}/${labels.get('instance')}`;
    sources.set(labels, source);
  }
  return source;
}

function sampleOf(labels: Labels, sample: WriteRequest['series'][number]['samples'][number]): BatchSample {
  const { value, stale, histogram, startMs } = sample;
  if (stale) return { labels, value: Number.NaN, stale: true };
  if (histogram) return { labels, value: 0, histogram, ...(startMs !== undefined && { startMs }) };
  return startMs === undefined ? { labels, value } : { labels, value, startMs };
}
