// What the run sees: one series store, filled by scraping or by mirroring a remote, by our own load's instruments and
// by the rules, and recorded as it fills. Everything is evaluated on this store, on either path.

import type { Clock } from '../../base/clock.ts';
import { humanDuration } from '../../base/duration.ts';
import { ingestOptionsOf, storeOptionsOf } from '../../promql/features.ts';
import { ExemplarStore } from '../../telemetry/metrics/exemplars.ts';
import { Counter, feedInstruments, Histogram } from '../../telemetry/metrics/instruments.ts';
import { MetadataStore } from '../../telemetry/metrics/metadata.ts';
import { Scraper, type SourceListener } from '../../telemetry/metrics/scrape.ts';
import { SeriesStore } from '../../telemetry/metrics/store.ts';
import type { RecordedStores } from '../../telemetry/recording/reader.ts';
import { RecordingWriter } from '../../telemetry/recording/writer.ts';
import { type MirroredSelector, RemoteMirror } from '../../telemetry/remote/mirror.ts';
import type { Experiment, TrafficSpec } from '../model.ts';
import type { RequestOutcome } from '../traffic/http.ts';
import type { RunFolder } from './folder.ts';
import type { TimelineLog } from './timeline-log.ts';

export interface TelemetryOptions {
  readonly experiment: Experiment;
  readonly folder: RunFolder;
  readonly clock: Clock;
  readonly timeline: TimelineLog;
  /** What objectives, rules and stop conditions read: a remote is mirrored for these and no others. */
  readonly selectors: readonly MirroredSelector[];
  readonly scrapeIntervalMs: number;
  /** From here on nothing can be judged again: the run has to end. */
  onRecordingLost(reason: string): void;
}

export class TelemetrySession {
  readonly store: SeriesStore;
  readonly exemplars: ExemplarStore;
  readonly metadata: MetadataStore;
  readonly #options: TelemetryOptions;
  readonly #recording: RecordingWriter;
  readonly #source: Scraper | RemoteMirror;
  readonly #requests = new Counter('firedrill_requests_total');
  readonly #durations = new Histogram('firedrill_request_duration_seconds');
  readonly #stopping = new AbortController();
  readonly #failing = new Map<string, { reason: string; sinceMs: number }>();
  #feeding: Promise<void> = Promise.resolve();

  static async open(options: TelemetryOptions): Promise<TelemetrySession> {
    const { experiment, folder, clock } = options;
    const features = new Set(experiment.telemetry.features);
    const stores = {
      store: new SeriesStore(undefined, undefined, storeOptionsOf(features)),
      exemplars: new ExemplarStore(),
      metadata: new MetadataStore(),
    };
    const recording = await RecordingWriter.open({
      folder: folder.recording,
      ...stores,
      clock,
      onError: (error) => options.onRecordingLost(error.message),
    });
    return new TelemetrySession(options, stores, recording);
  }

  private constructor(options: TelemetryOptions, stores: RecordedStores, recording: RecordingWriter) {
    const { experiment, clock, timeline, selectors } = options;
    const { store, exemplars, metadata } = stores;
    this.store = store;
    this.exemplars = exemplars;
    this.metadata = metadata;
    this.#options = options;
    this.#recording = recording;
    const listener: SourceListener = {
      onFailure: (source, reason) => {
        this.#failing.set(source, { reason, sinceMs: clock.now() });
        timeline.emit('source.failed', { source, reason });
      },
      onRecovery: (source) => {
        this.#failing.delete(source);
        timeline.emit('source.recovered', { source });
      },
    };
    const { prometheus, scrape } = experiment.telemetry;
    this.#source = prometheus
      ? new RemoteMirror(prometheus, store, clock, selectors, listener, exemplars)
      : new Scraper(scrape, store, clock, listener, {
          ingest: ingestOptionsOf(new Set(experiment.telemetry.features)),
          exemplars,
          metadata,
        });
  }

  start(): void {
    const { experiment, clock, scrapeIntervalMs } = this.#options;
    this.#source.start();
    if (experiment.traffic.every((traffic) => traffic.type !== 'http')) return;
    const feed = {
      source: 'traffic',
      instruments: [this.#requests, this.#durations],
      store: this.store,
      clock,
      intervalMs: scrapeIntervalMs,
    };
    this.#feeding = feedInstruments(feed, this.#stopping.signal);
  }

  /** Counts one request of our own load. */
  count(traffic: TrafficSpec, { code, ok, seconds }: RequestOutcome): void {
    const labels = { job: 'firedrill', traffic: traffic.name };
    this.#requests.inc({ ...labels, code, outcome: ok ? 'ok' : 'error' });
    this.#durations.observe(labels, seconds);
  }

  /** Sources that cannot be read now, for the steady gate. */
  unsteady(): string[] {
    const now = this.#options.clock.now();
    return [...this.#failing].map(
      ([source, { reason, sinceMs }]) =>
        `source ${source} has failed for ${humanDuration(now - sinceMs)}: ${reason}`,
    );
  }

  /** Nothing is appended by a source any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([this.#source.stop(), this.#feeding]);
  }

  async close(): Promise<void> {
    await this.#recording.close();
  }
}
