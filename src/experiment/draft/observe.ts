// Some seconds of a target's metrics, and of our own requests to it, in one store: what the first objectives of an
// experiment are suggested from.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { Counter, feedInstruments, Histogram } from '../../telemetry/metrics/instruments.ts';
import { Scraper } from '../../telemetry/metrics/scrape.ts';
import type { ScrapeSpec } from '../../telemetry/metrics/scrape-spec.ts';
import { SeriesStore } from '../../telemetry/metrics/store.ts';
import { type HttpTrafficSpec, httpTraffic } from '../traffic/http.ts';

export interface Observation {
  readonly scrape: ScrapeSpec | undefined;
  readonly traffic: HttpTrafficSpec | undefined;
  readonly lengthMs: number;
  readonly intervalMs: number;
}

export interface Observed {
  readonly store: SeriesStore;
  readonly fromMs: number;
  readonly toMs: number;
}

/** `onProgress` hears how much of it is over, in [0, 1]. Rejects with FD701 when the metrics stop to answer. */
export async function observe(
  { scrape, traffic, lengthMs, intervalMs }: Observation,
  clock: Clock,
  onProgress: (share: number) => void,
): Promise<Observed> {
  const store = new SeriesStore();
  const requests = new Counter('firedrill_requests_total');
  const durations = new Histogram('firedrill_request_duration_seconds');
  const failures: string[] = [];
  const listener = {
    onFailure: (_: string, reason: string) => void failures.push(reason),
    onRecovery: () => {},
  };
  const scraper = new Scraper(scrape ? [scrape] : [], store, clock, listener);
  const ended = new AbortController();
  const labels = { job: 'firedrill', traffic: traffic?.name ?? '' };
  const load =
    traffic &&
    httpTraffic(traffic, clock, ({ code, ok, seconds }) => {
      requests.inc({ ...labels, code, outcome: ok ? 'ok' : 'error' });
      durations.observe(labels, seconds);
    });
  const fromMs = clock.now();
  const feeding = traffic
    ? feedInstruments(
        { source: 'traffic', instruments: [requests, durations], store, clock, intervalMs },
        ended.signal,
      )
    : Promise.resolve();
  scraper.start();
  load?.start();
  try {
    for (let nowMs = fromMs; nowMs < fromMs + lengthMs; nowMs = clock.now()) {
      onProgress((nowMs - fromMs) / lengthMs);
      await clock.sleep(Math.min(intervalMs, fromMs + lengthMs - nowMs));
    }
    onProgress(1);
  } finally {
    ended.abort();
    await Promise.all([scraper.stop(), load?.stop(AbortSignal.abort()), feeding]);
  }
  if (failures.length > 0)
    throw UserError.of('FD701', `the metrics did not answer all of the time: ${failures[0]}`);
  return { store, fromMs, toMs: clock.now() };
}
