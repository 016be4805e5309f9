// One target: asks it for its metrics and turns the answer, or the lack of one, into a batch for the store.
//
//   request -> check status and content type -> parse -> samples of the series, as of the start of the scrape
//           \-> on any mistake: nothing of the answer      + stale markers for the series that are gone
//                                                          + up and the scrape_* series

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { type LabelRecord, Labels, metricName } from '../../base/labels.ts';
import { HttpClient, shownUrl } from '../http.ts';
import { acceptedFormats, formatOf, parseExposition } from './exposition/content-type.ts';
import { type ExposedSample, ExpositionError, SeriesTable } from './exposition/exposition.ts';
import type { ScrapeSpec } from './scrape-spec.ts';
import type { BatchSample, SampleBatch } from './store.ts';
import { scrapedLabels, targetLabels } from './target-labels.ts';

/** Where a scrape_config sets no body_size_limit (0). */
const bodyBytesMaxDefault = 256 * 1024 * 1024;

/** A sample whose own timestamp is further ahead is dropped, as Prometheus does: its series could not go on. */
const futureMsMax = 10 * 60_000;

interface ScrapedSeries {
  readonly labels: Labels;
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

export class ScrapeTarget {
  /** `job/host:port`: the batch's source, and its name in messages. */
  readonly source: string;
  readonly #spec: ScrapeSpec;
  readonly #url: URL;
  readonly #labels: LabelRecord;
  readonly #clock: Clock;
  readonly #client: HttpClient;
  readonly #table: SeriesTable<ScrapedSeries>;
  #scrapes = 0;

  constructor(spec: ScrapeSpec, target: ScrapeSpec['targets'][number], source: string, clock: Clock) {
    this.source = source;
    this.#spec = spec;
    this.#url = targetUrl(spec, target.address);
    this.#labels = targetLabels(spec.jobName, target.address, target.labels);
    this.#clock = clock;
    this.#client = new HttpClient(spec.http, clock);
    this.#table = new SeriesTable((pairs) => ({
      labels: scrapedLabels(pairs, this.#labels, spec.honorLabels),
      seenIn: 0,
      hasOwnTimes: false,
    }));
  }

  /** `atMs` becomes the time of all samples that bring none. */
  async scrape(atMs: number, signal: AbortSignal): Promise<ScrapeResult> {
    const startedMs = this.#clock.now();
    this.#scrapes++;
    let samples: readonly ExposedSample<ScrapedSeries>[] = [];
    let scraped = 0;
    let failure: string | undefined;
    try {
      samples = await this.#ask(signal);
      scraped = samples.length;
      this.#checkSampleLimit(scraped);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failure = error.message;
      samples = [];
    }
    const { stored, added } = this.#take(samples, atMs);
    const gone = this.#dropVanished();
    const durationSeconds = (this.#clock.now() - startedMs) / 1000;
    const report = this.#report(failure === undefined, durationSeconds, scraped, stored.length, added);
    return { batch: { source: this.source, atMs, samples: [...stored, ...gone, ...report] }, failure };
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #ask(signal: AbortSignal): Promise<readonly ExposedSample<ScrapedSeries>[]> {
    const { timeoutMs, bodySizeLimitBytes } = this.#spec;
    const url = shownUrl(this.#url);
    const answer = await this.#client.request({
      url: this.#url,
      headers: {
        accept: acceptedFormats,
        'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
      },
      timeoutMs,
      bodyBytesMax: bodySizeLimitBytes || bodyBytesMaxDefault,
      signal,
    });
    if (answer.status !== 200) throw UserError.of('FD703', `${url} answered with status ${answer.status}`);
    const format = formatOf(answer.contentType);
    if (!format) {
      const found = answer.contentType ? `the type ${answer.contentType.slice(0, 60)}` : 'no Content-Type';
      throw UserError.of('FD705', `${url} answered with ${found}, which is not a format of metrics`);
    }
    try {
      return parseExposition(answer.body.toString(), format, this.#table).samples;
    } catch (error) {
      if (!(error instanceof ExpositionError)) throw error;
      throw UserError.of('FD706', `${url} answered with metrics that cannot be read: ${error.message}`);
    }
  }

  #checkSampleLimit(scraped: number): void {
    const { sampleLimit } = this.#spec;
    if (sampleLimit > 0 && scraped > sampleLimit)
      throw UserError.of(
        'FD704',
        `${shownUrl(this.#url)} exposes ${scraped} samples, more than sample_limit ${sampleLimit}`,
      );
  }

  /** `added`: how many series were not in the scrape before. */
  #take(
    samples: readonly ExposedSample<ScrapedSeries>[],
    atMs: number,
  ): { stored: BatchSample[]; added: number } {
    const stored: BatchSample[] = [];
    let added = 0;
    for (const { series, value, atMs: ownMs } of samples) {
      if (series.seenIn === 0) added++;
      series.seenIn = this.#scrapes;
      series.hasOwnTimes = ownMs !== undefined && this.#spec.honorTimestamps;
      if (ownMs === undefined || !series.hasOwnTimes) stored.push({ labels: series.labels, value });
      else if (ownMs <= atMs + futureMsMax) stored.push({ labels: series.labels, value, atMs: ownMs });
    }
    return { stored, added };
  }

  /** Stale markers for the series that this scrape did not bring; a series that comes back is a new one. */
  #dropVanished(): BatchSample[] {
    const markers: BatchSample[] = [];
    this.#table.keep((series) => {
      if (series.seenIn === this.#scrapes) return true;
      if (series.seenIn > 0 && !series.hasOwnTimes)
        markers.push({ labels: series.labels, value: Number.NaN, stale: true });
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
      labels: Labels.from({ ...this.#labels, [metricName]: name }),
      value,
    }));
  }
}

function targetUrl(spec: ScrapeSpec, address: string): URL {
  const text = `${spec.scheme}://${address}${spec.metricsPath}`;
  if (!URL.canParse(text))
    throw UserError.of('FD105', `${JSON.stringify(address)} is not an address to scrape`, {
      expected: 'host:port',
    });
  const url = new URL(text);
  for (const [name, values] of Object.entries(spec.params))
    for (const value of values) url.searchParams.append(name, value);
  return url;
}
