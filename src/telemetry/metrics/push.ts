// Series that are sent to us, by remote write or OTLP, into the store. A request holds series of many targets; those
// of one target and time share a batch, so that they share a column of timestamps as if we had scraped them.

import type { Clock } from '../../base/clock.ts';
import type { Labels } from '../../base/labels.ts';
import type { ExemplarStore } from './exemplars.ts';
import type { MetadataStore } from './metadata.ts';
import type { WriteRequest, WrittenSample } from './remote-write/request.ts';
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
  /** With it, what lies too far in the future is refused: its series could not go on. */
  readonly clock?: Clock;
}

export interface PushOutcome {
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
  /** Samples and histograms that were read and not stored. */
  readonly rejected: number;
  /** What was not taken, and why: the first few reasons. */
  readonly mistakes: readonly string[];
}

/** As in Prometheus. */
const futureMsMax = 10 * 60_000;

/** Reasons that an answer has at most. */
const mistakesMax = 5;

/** Throws FD708 when the store is full. */
export function push(request: WriteRequest, sinks: PushSinks): PushOutcome {
  const mistakes = [...request.mistakes];
  const latestMs = sinks.clock ? sinks.clock.now() + futureMsMax : Number.POSITIVE_INFINITY;
  const batches = new Batches();
  let early = 0;
  for (const series of request.series) {
    const { source, mistake } = knownOf(series.labels, sinks);
    if (mistake !== undefined) {
      mistakes.push(mistake);
      continue;
    }
    for (const sample of series.samples) {
      if (sample.atMs > latestMs) early++;
      else batches.at(source, sample).push(sampleOf(series.labels, sample));
    }
  }
  if (early > 0) mistakes.push(`out of bounds: timestamp is too far in the future: ${early} not stored`);
  const written = { samples: 0, histograms: 0 };
  let dropped = 0;
  // Of one series in the order of its times, whatever order the request has them in.
  for (const batch of batches.ordered()) {
    const droppedBefore = sinks.store.droppedCount;
    sinks.store.appendBatch(batch);
    const droppedNow = sinks.store.droppedCount - droppedBefore;
    written[batch.kind] += batch.samples.length - droppedNow;
    dropped += droppedNow;
  }
  if (dropped > 0) mistakes.push(`out of order or duplicate sample: ${dropped} not stored`);
  const exemplars = pushExemplars(request, sinks, mistakes);
  sinks.metadata.add(sinks.source, request.families);
  return { ...written, exemplars, rejected: early + dropped, mistakes: mistakes.slice(0, mistakesMax) };
}

function pushExemplars(
  { series, tellsLateExemplars = false }: WriteRequest,
  sinks: PushSinks,
  mistakes: string[],
): number {
  let taken = 0;
  for (const { labels, exemplars } of series) {
    for (const exemplar of exemplars) {
      const mistake = sinks.exemplars.add(labels, exemplar, exemplar.atMs ?? 0);
      if (mistake === undefined) taken++;
      // As in Prometheus: for version 1.0 and OTLP, an exemplar that comes late is no error of the request.
      else if (tellsLateExemplars || mistake !== 'out of order exemplar') mistakes.push(mistake);
    }
  }
  return taken;
}

/** Told apart because they are counted apart. */
type SampleKind = 'samples' | 'histograms';

interface GrowingBatch {
  readonly kind: SampleKind;
  readonly source: string;
  readonly atMs: number;
  readonly samples: BatchSample[];
}

class Batches {
  readonly #bySource = new Map<string, Map<number, GrowingBatch>>();
  /** What stands together in a request mostly belongs together. */
  #last: GrowingBatch | undefined;

  /** The samples of the batch that this one belongs to. */
  at(source: string, { atMs, histogram }: WrittenSample): BatchSample[] {
    const kind = histogram ? 'histograms' : 'samples';
    const last = this.#last;
    if (last?.atMs === atMs && last.source === source && last.kind === kind) return last.samples;
    const key = `${kind} ${source}`;
    let byTime = this.#bySource.get(key);
    if (!byTime) {
      byTime = new Map();
      this.#bySource.set(key, byTime);
    }
    let batch = byTime.get(atMs);
    if (!batch) {
      batch = { kind, source, atMs, samples: [] };
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

function sampleOf(labels: Labels, sample: WrittenSample): BatchSample {
  const { value, stale, histogram, startMs } = sample;
  if (stale) return { labels, value: Number.NaN, stale: true };
  if (histogram) return { labels, value: 0, histogram, ...(startMs !== undefined && { startMs }) };
  return startMs === undefined ? { labels, value } : { labels, value, startMs };
}
