// A remote Prometheus, mirrored: what rules and objectives read is copied into our store, sample by sample with the
// times that the remote gave them, and evaluated there like everything else.
//
//   every interval, for every selector:  selector[since the last read]  -> new samples
//                                        selector                       -> what is still alive; the rest gets a
//                                                                          stale marker, which ranges do not show
//                                        its exemplars                  -> where somebody keeps them, and the remote
//                                                                          has them

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { Labels } from '../../base/labels.ts';
import { repeatAligned } from '../aligned-loop.ts';
import type { ExemplarStore } from '../metrics/exemplars.ts';
import type { SourceListener } from '../metrics/scrape.ts';
import type { RemoteSpec } from '../metrics/scrape-spec.ts';
import type { BatchSample, SeriesStore } from '../metrics/store.ts';
import { RemoteApi } from './api.ts';
import { HistogramReader } from './native-histogram.ts';
import type { RemoteSeries } from './query-result.ts';

/** The source of the batches, and its name in callbacks. */
const remoteSource = 'remote';

/** A sample becomes visible when its scrape ends, and bears the time when it began; each read looks back this far. */
const overlapMs = 30_000;

/** Prometheus's look-back: a first read that covers less would miss values that are current. */
const lookbackMsMin = 5 * 60_000;

/** History is asked for in pieces, so that no answer grows without bound. */
const pieceMs = 30 * 60_000;

export interface MirroredSelector {
  /** A vector selector, printed, without offset and @. */
  readonly text: string;
  /** How far back the first read goes. */
  readonly lookbackMs: number;
}

interface MirroredSeries {
  readonly labels: Labels;
  readonly histograms: HistogramReader;
  lastMs: number;
  alive: boolean;
}

export class RemoteMirror {
  readonly #api: RemoteApi;
  readonly #spec: RemoteSpec;
  readonly #store: SeriesStore;
  readonly #clock: Clock;
  readonly #selectors: readonly MirroredSelector[];
  readonly #listener: SourceListener;
  readonly #stopped = new AbortController();
  readonly #series = new Map<string, MirroredSeries>();
  /** Undefined when nobody keeps them, or when the remote does not offer them. */
  #exemplars: ExemplarStore | undefined;
  /** The time up to which everything was read. */
  #readToMs: number | undefined;
  #failed = false;
  #loop: Promise<void> = Promise.resolve();

  /** Throws FD105 when the address is none. */
  constructor(
    spec: RemoteSpec,
    store: SeriesStore,
    clock: Clock,
    selectors: readonly MirroredSelector[],
    listener: SourceListener,
    exemplars?: ExemplarStore,
  ) {
    this.#exemplars = exemplars;
    this.#api = new RemoteApi(spec, clock, { signal: this.#stopped.signal });
    this.#spec = spec;
    this.#store = store;
    this.#clock = clock;
    // A series that two selectors find must be read by the one that goes further back first: time only moves forward.
    this.#selectors = selectors.toSorted((a, b) => b.lookbackMs - a.lookbackMs);
    this.#listener = listener;
  }

  /** Reads now, and then at the spec's interval. */
  start(): void {
    this.#loop = repeatAligned(this.#clock, this.#spec.intervalMs, this.#stopped.signal, async (atMs) => {
      await this.#readAt(atMs);
    });
  }

  /** One read; why it failed, or undefined when it did not. */
  readOnce(): Promise<string | undefined> {
    return this.#readAt(this.#clock.now());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await this.#api.close();
  }

  async #readAt(atMs: number): Promise<string | undefined> {
    try {
      await this.#read(atMs);
      if (this.#failed) this.#listener.onRecovery(remoteSource);
      this.#failed = false;
      return undefined;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (this.#stopped.signal.aborted) return undefined;
      if (!this.#failed) this.#listener.onFailure(remoteSource, error.message);
      this.#failed = true;
      return error.message;
    }
  }

  async #read(atMs: number): Promise<void> {
    const starts = this.#selectors.map(({ lookbackMs }) =>
      this.#readToMs === undefined ? atMs - Math.max(lookbackMs, lookbackMsMin) : this.#readToMs - overlapMs,
    );
    for (let fromMs = Math.min(...starts, atMs); fromMs < atMs; fromMs += pieceMs) {
      const toMs = Math.min(fromMs + pieceMs, atMs);
      for (const [i, { text }] of this.#selectors.entries()) {
        const rangeMs = toMs - Math.max(fromMs, starts[i]!);
        if (rangeMs <= 0) continue;
        const { series } = await this.#api.query(`${text}[${rangeMs}ms]`, toMs);
        this.#append(series, atMs);
      }
    }
    await this.#markStale(atMs);
    if (this.#exemplars) await this.#readExemplars(Math.min(...starts, atMs), atMs);
    this.#readToMs = atMs;
  }

  #append(found: readonly RemoteSeries[], atMs: number): void {
    const fresh: BatchSample[] = [];
    for (const { labels, samples } of found) {
      const series = this.#seriesOf(labels);
      for (const { atMs: ownMs, value, histogram: shown } of samples) {
        if (ownMs <= series.lastMs) continue;
        series.lastMs = ownMs;
        series.alive = true;
        const histogram = shown && series.histograms.read(shown);
        fresh.push({ labels: series.labels, value, atMs: ownMs, ...(histogram && { histogram }) });
      }
    }
    if (fresh.length > 0) this.#store.appendBatch({ source: remoteSource, atMs, samples: fresh });
  }

  async #readExemplars(fromMs: number, toMs: number): Promise<void> {
    for (const { text } of this.#selectors) {
      const found = await this.#api.exemplars(text, fromMs, toMs).catch((error: unknown) => {
        // Not every remote has exemplars, and none is judged by them.
        if (error instanceof UserError) return undefined;
        throw error;
      });
      if (!found) this.#exemplars = undefined;
      if (!this.#exemplars) return;
      for (const { series, exemplar, atMs } of found ?? []) this.#exemplars.add(series, exemplar, atMs);
    }
  }

  async #markStale(atMs: number): Promise<void> {
    const found = new Set<string>();
    for (const { text } of this.#selectors) {
      const { series } = await this.#api.query(text, atMs);
      for (const { labels } of series) found.add(labels.key);
    }
    const ended = [...this.#series].filter(([key, { alive }]) => alive && !found.has(key));
    if (ended.length === 0) return;
    const samples = ended.map(([, series]) => {
      series.alive = false;
      series.lastMs = Math.max(series.lastMs, atMs);
      return { labels: series.labels, value: Number.NaN, stale: true, atMs };
    });
    this.#store.appendBatch({ source: remoteSource, atMs, samples });
  }

  #seriesOf(labels: Labels): MirroredSeries {
    let series = this.#series.get(labels.key);
    if (!series) {
      const lastMs = Number.NEGATIVE_INFINITY;
      series = { labels, histograms: new HistogramReader(), lastMs, alive: false };
      this.#series.set(labels.key, series);
    }
    return series;
  }
}
