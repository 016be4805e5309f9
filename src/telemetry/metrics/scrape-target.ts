// One target: asks it for its metrics and turns the answer, or the lack of one, into a batch for the store.
//
//   request -> check status and content type -> parse -> samples of the series, as of the start of the scrape
//           \-> on any mistake: nothing of the answer      + stale markers for the series that are gone
//                                                          + up and the scrape_* series

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { Labels, metricName } from '../../base/labels.ts';
import { HttpClient, shownUrl } from '../http.ts';
import type { ExemplarStore } from './exemplars.ts';
import { acceptedFormats, defaultProtocols, formatOf, parseExposition } from './exposition/content-type.ts';
import {
  type ExposedSample,
  type Exposition,
  ExpositionError,
  type LabelPairs,
  SeriesTable,
} from './exposition/exposition.ts';
import type { IngestOptions } from './ingest-options.ts';
import type { MetadataStore } from './metadata.ts';
import type { Relabel } from './relabel/relabel.ts';
import type { ScrapeSpec } from './scrape-spec.ts';
import type { BatchSample, SampleBatch } from './store.ts';
import { labelMistake, type ResolvedTarget, scrapedLabels } from './target-labels.ts';

/** Where a scrape_config sets no body_size_limit (0). */
const bodyBytesMaxDefault = 256 * 1024 * 1024;

/** A sample whose own timestamp is further ahead is dropped, as Prometheus does: its series could not go on. */
const futureMsMax = 10 * 60_000;

interface ScrapedSeries {
  /** Undefined when relabeling drops the series. */
  readonly labels: Labels | undefined;
  /** Why the series is over a limit of its labels, which fails the scrape. */
  readonly mistake: string | undefined;
  /** The number of the scrape that it was last in; 0 before the first. */
  seenIn: number;
  /** Its samples bring their own timestamps; such series end by look-back, not by a stale marker. */
  hasOwnTimes: boolean;
}

export interface ScrapeResult {
  readonly batch: SampleBatch;
  /** Why it failed; undefined when it did not. */
  readonly failure: string | undefined;
}

/** What scrapes leave beside samples, for those who ask for it, and how they are read. */
export interface ScrapeSinks {
  readonly ingest?: IngestOptions;
  readonly metadata?: MetadataStore;
  readonly exemplars?: ExemplarStore;
}

/** How the last scrape went. */
export interface TargetHealth {
  readonly health: 'up' | 'down' | 'unknown';
  /** Unix milliseconds; undefined before the first. */
  readonly lastScrapeMs: number | undefined;
  readonly lastDurationMs: number;
  readonly lastError: string;
}

export class ScrapeTarget {
  /** `job/host:port`: the batch's source, and its name in messages. */
  readonly source: string;
  readonly resolved: ResolvedTarget;
  readonly #spec: ScrapeSpec;
  readonly #clock: Clock;
  readonly #client: HttpClient;
  readonly #sinks: ScrapeSinks;
  readonly #table: SeriesTable<ScrapedSeries>;
  readonly #metricRelabel: Relabel | undefined;
  readonly #refusal: () => string | undefined;
  #scrapes = 0;
  #health: TargetHealth = { health: 'unknown', lastScrapeMs: undefined, lastDurationMs: 0, lastError: '' };

  constructor(
    spec: ScrapeSpec,
    resolved: ResolvedTarget,
    source: string,
    clock: Clock,
    more: {
      readonly metricRelabel?: Relabel | undefined;
      readonly sinks?: ScrapeSinks;
      /** Asked before each scrape: why it must fail without one. */
      refusal?(): string | undefined;
    } = {},
  ) {
    this.source = source;
    this.resolved = resolved;
    this.#spec = spec;
    this.#clock = clock;
    this.#client = new HttpClient(spec.http, clock);
    this.#sinks = more.sinks ?? {};
    this.#metricRelabel = more.metricRelabel;
    this.#refusal = more.refusal ?? (() => undefined);
    this.#table = new SeriesTable((pairs) => this.#seriesOf(pairs));
  }

  get health(): TargetHealth {
    return this.#health;
  }

  /** `atMs` becomes the time of all samples that bring none. */
  async scrape(atMs: number, signal: AbortSignal): Promise<ScrapeResult> {
    const startedMs = this.#clock.now();
    this.#scrapes++;
    let exposed: Exposition<ScrapedSeries> = { families: [], samples: [] };
    let scraped = 0;
    let failure: string | undefined;
    try {
      exposed = await this.#ask(signal);
      scraped = exposed.samples.length;
      this.#check(exposed.samples);
      this.#sinks.metadata?.replace(this.source, exposed.families);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failure = error.message;
      exposed = { families: [], samples: [] };
    }
    const { stored, added } = this.#take(exposed.samples, atMs);
    const gone = this.#dropVanished();
    const lastDurationMs = this.#clock.now() - startedMs;
    const report = this.#report(failure === undefined, lastDurationMs / 1000, scraped, stored.length, added);
    const health = failure === undefined ? 'up' : 'down';
    this.#health = { health, lastScrapeMs: atMs, lastDurationMs, lastError: failure ?? '' };
    return { batch: { source: this.source, atMs, samples: [...stored, ...gone, ...report] }, failure };
  }

  /** The target is scraped no more: stale markers for all its series, those about the scrape too. */
  end(atMs: number): SampleBatch {
    this.#scrapes++;
    const gone = this.#dropVanished();
    const report = this.#report(true, 0, 0, 0, 0).map(({ labels }) => staleMarker(labels));
    this.#sinks.metadata?.remove(this.source);
    return { source: this.source, atMs, samples: [...gone, ...report] };
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #seriesOf(pairs: LabelPairs): ScrapedSeries {
    let labels: Labels | undefined = scrapedLabels(pairs, this.resolved.labels, this.#spec.honorLabels);
    // A name of any length or number is a burden before relabeling can take it away.
    const mistake = this.#spec.labelLimits && labelMistake(labels, this.#spec.labelLimits);
    if (this.#metricRelabel) {
      const relabeled = this.#metricRelabel(labels.toRecord());
      labels = relabeled && Labels.from(relabeled);
    }
    return { labels: labels?.name ? labels : undefined, mistake, seenIn: 0, hasOwnTimes: false };
  }

  async #ask(signal: AbortSignal): Promise<Exposition<ScrapedSeries>> {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw UserError.of('FD704', refusal);
    const { bodySizeLimitBytes, nativeHistograms = false, fallbackFormat, compression = true } = this.#spec;
    const { protocols = defaultProtocols(nativeHistograms) } = this.#spec;
    const { timeoutMs } = this.resolved;
    const url = shownUrl(this.resolved.url);
    const answer = await this.#client.request({
      url: this.resolved.url,
      headers: {
        accept: acceptedFormats(protocols),
        ...(!compression && { 'accept-encoding': 'identity' }),
        'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
      },
      timeoutMs,
      bodyBytesMax: bodySizeLimitBytes || bodyBytesMaxDefault,
      signal,
    });
    if (answer.status !== 200) throw UserError.of('FD703', `${url} answered with status ${answer.status}`);
    const format = formatOf(answer.contentType) ?? fallbackFormat;
    if (!format) {
      const found = answer.contentType ? `the type ${answer.contentType.slice(0, 60)}` : 'no Content-Type';
      throw UserError.of('FD705', `${url} answered with ${found}, which is not a format of metrics`);
    }
    try {
      return parseExposition(answer.body, format, this.#table, this.#sinks.ingest);
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error;
      throw UserError.of('FD706', `${url} answered with metrics that cannot be read: ${error.message}`);
    }
  }

  #check(samples: readonly ExposedSample<ScrapedSeries>[]): void {
    const { sampleLimit } = this.#spec;
    const url = shownUrl(this.resolved.url);
    const kept = samples.reduce((count, { series }) => count + (series.labels ? 1 : 0), 0);
    if (sampleLimit > 0 && kept > sampleLimit)
      throw UserError.of('FD704', `${url} exposes ${kept} samples, more than sample_limit ${sampleLimit}`);
    const over = samples.find(({ series }) => series.mistake !== undefined);
    if (over) throw UserError.of('FD704', `${url}: ${over.series.mistake}`);
  }

  /** `added`: how many series were not in the scrape before. */
  #take(
    samples: readonly ExposedSample<ScrapedSeries>[],
    atMs: number,
  ): { stored: BatchSample[]; added: number } {
    const stored: BatchSample[] = [];
    let added = 0;
    for (const exposed of samples) {
      const { series, value, atMs: ownMs, histogram, startMs, exemplar } = exposed;
      const isNew = series.seenIn === 0;
      series.seenIn = this.#scrapes;
      const { labels } = series;
      if (!labels) continue;
      if (isNew) added++;
      series.hasOwnTimes = ownMs !== undefined && this.#spec.honorTimestamps;
      if (ownMs === undefined || !series.hasOwnTimes) stored.push(sampleOf(labels, value, undefined));
      else if (ownMs <= atMs + futureMsMax) stored.push(sampleOf(labels, value, ownMs));
      else continue;
      if (histogram || startMs !== undefined) {
        const last = stored.length - 1;
        stored[last] = {
          ...stored[last]!,
          ...(histogram && { histogram }),
          ...(startMs !== undefined && { startMs }),
        };
      }
      if (exemplar) this.#sinks.exemplars?.add(labels, exemplar, exemplar.atMs ?? ownMs ?? atMs);
    }
    return { stored, added };
  }

  /** Stale markers for the series that this scrape did not bring; a series that comes back is a new one. */
  #dropVanished(): BatchSample[] {
    const { trackTimestampsStaleness = false } = this.#spec;
    const markers: BatchSample[] = [];
    this.#table.keep((series) => {
      if (series.seenIn === this.#scrapes) return true;
      const ends = trackTimestampsStaleness || !series.hasOwnTimes;
      if (series.seenIn > 0 && series.labels && ends) markers.push(staleMarker(series.labels));
      return false;
    });
    return markers;
  }

  #report(
    healthy: boolean,
    durationSeconds: number,
    scraped: number,
    stored: number,
    added: number,
  ): BatchSample[] {
    const values = {
      up: healthy ? 1 : 0,
      scrape_duration_seconds: durationSeconds,
      scrape_samples_scraped: scraped,
      scrape_samples_post_metric_relabeling: stored,
      scrape_series_added: added,
    };
    return Object.entries(values).map(([name, value]) => ({
      labels: Labels.from({ ...this.resolved.labels, [metricName]: name }),
      value,
    }));
  }
}

function sampleOf(labels: Labels, value: number, atMs: number | undefined): BatchSample {
  return atMs === undefined ? { labels, value } : { labels, value, atMs };
}

function staleMarker(labels: Labels): BatchSample {
  return { labels, value: Number.NaN, stale: true };
}
