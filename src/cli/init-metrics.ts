// Where `init` has its objectives from: some seconds of the target's own metrics and of requests to it, or the last hour
// of a Prometheus that watches it already.

import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import type { Draft, DraftTelemetry } from '../experiment/draft/draft.ts';
import { observe } from '../experiment/draft/observe.ts';
import type { Survey } from '../experiment/draft/survey.ts';
import { storeQuerier } from '../promql/querier.ts';
import { sampleIntervalMs } from '../slo/suggest/curve.ts';
import { type Metrics, metricsOfStore } from '../slo/suggest/metrics.ts';
import { type Suggestion, suggest } from '../slo/suggest/suggest.ts';
import type { ScrapeSpec } from '../telemetry/metrics/scrape-spec.ts';
import { RemoteApi } from '../telemetry/remote/api.ts';
import { withBaseline } from './baseline.ts';

export interface Suggested {
  readonly telemetry: DraftTelemetry;
  readonly telemetryIntervalMs: number;
  /** Metrics come from another process than the target. */
  readonly isExporter: boolean;
  readonly suggestions: readonly Suggestion[];
  /** That the Prometheus notifies, when it does. */
  readonly alertmanagerUrl?: string | undefined;
}

export interface Watching {
  readonly metricsUrl: string | undefined;
  readonly job: string | undefined;
  readonly traffic: Draft['traffic'];
  readonly lengthMs: number;
}

const intervalMs = 1000;

export async function observedSuggestions(
  survey: Survey,
  { metricsUrl, job = survey.name, traffic, lengthMs }: Watching,
): Promise<Suggested> {
  const telemetry: DraftTelemetry =
    metricsUrl === undefined ? { type: 'none' } : { type: 'scrape', job, url: metricsUrl, intervalMs };
  const { store, fromMs, toMs } = await observe(
    {
      scrape: metricsUrl === undefined ? undefined : scrapeSpec(job, new URL(metricsUrl)),
      traffic: traffic && {
        type: 'http',
        name: 'traffic',
        url: traffic.url,
        method: 'GET',
        headers: {},
        body: undefined,
        timeoutMs: 1000,
        ratePerSecond: traffic.perSecond,
      },
      lengthMs,
      intervalMs,
    },
    systemClock,
    progress(lengthMs),
  );
  const baseline = { querier: storeQuerier(store), fromMs, toMs };
  const { suggestions } = await suggest(metricsOfStore(store, fromMs, toMs), baseline, undefined);
  const own = metricsUrl === undefined ? undefined : Number(new URL(metricsUrl).port);
  const isExporter = !survey.ports.some(({ port }) => port === own);
  return { telemetry, telemetryIntervalMs: intervalMs, isExporter, suggestions };
}

/** A line that is written over on a terminal, and one line elsewhere. */
function progress(lengthMs: number): (share: number) => void {
  const seconds = Math.round(lengthMs / 1000);
  if (!process.stderr.isTTY) {
    process.stderr.write(`watching it for ${seconds} s\n`);
    return () => {};
  }
  const width = 24;
  return (share) => {
    const done = Math.round(share * width);
    const bar = `${'━'.repeat(done)}${'─'.repeat(width - done)}`;
    process.stderr.write(`\rwatching it for ${seconds} s ${bar}${share === 1 ? '\n' : ''}`);
  };
}

function scrapeSpec(jobName: string, url: URL): ScrapeSpec {
  const names = [...new Set(url.searchParams.keys())];
  return {
    jobName,
    targets: [
      {
        address: url.port === '' ? `${url.host}:${url.protocol === 'https:' ? 443 : 80}` : url.host,
        labels: {},
      },
    ],
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    metricsPath: url.pathname,
    params: Object.fromEntries(names.map((name) => [name, url.searchParams.getAll(name)])),
    intervalMs,
    timeoutMs: intervalMs,
    honorLabels: false,
    honorTimestamps: true,
    bodySizeLimitBytes: 64 * 1024 * 1024,
    sampleLimit: 100_000,
    http: {},
  };
}

export interface JobChoice {
  readonly job: string | undefined;
  choose(jobs: readonly string[]): Promise<number>;
}

const lookbackMs = 3_600_000;
const scrapeIntervalMsMax = 60_000;

/**
 * Of the Prometheus, and of our own requests beside it. Rejects with FD7xx when the Prometheus does not answer, with
 * FD110 when it has no such job.
 */
export async function remoteSuggestions(
  url: string,
  survey: Survey,
  { traffic, lengthMs }: Pick<Watching, 'traffic' | 'lengthMs'>,
  choice: JobChoice,
): Promise<Suggested> {
  // Before it is waited for: whether it answers at all, and which job is meant.
  const first = await suggestionsOfRemote(url, survey, choice);
  if (!traffic) return first;
  const own = await observedSuggestions(survey, { metricsUrl: undefined, job: undefined, traffic, lengthMs });
  const job = first.telemetry.type === 'prometheus' ? first.telemetry.job : choice.job;
  const remote = await suggestionsOfRemote(url, survey, { ...choice, job });
  return { ...remote, suggestions: [...own.suggestions, ...remote.suggestions] };
}

async function suggestionsOfRemote(url: string, survey: Survey, choice: JobChoice): Promise<Suggested> {
  const options = { source: url, runs: '', lookbackMs };
  return await withBaseline(options, async (baseline, metrics) => {
    const job = await jobOf(metrics, survey, choice);
    const probe = job === '' ? 'up' : `up{job=${JSON.stringify(job)}}`;
    const found = (await sampleIntervalMs(probe, baseline)) ?? scrapeIntervalMsMax;
    const telemetryIntervalMs = Math.min(
      scrapeIntervalMsMax,
      Math.max(1000, Math.round(found / 1000) * 1000),
    );
    const { suggestions } = await suggest(metrics.only(new Set([job])), baseline, undefined);
    const isOwn = jobInstances(metrics, job).some((instance) => isPortOf(survey, instance));
    const telemetry: DraftTelemetry = { type: 'prometheus', job, url, intervalMs: telemetryIntervalMs };
    const alertmanagerUrl = await alertmanagerOf(url);
    return { telemetry, telemetryIntervalMs, isExporter: !isOwn, suggestions, alertmanagerUrl };
  });
}

async function alertmanagerOf(url: string): Promise<string | undefined> {
  const api = new RemoteApi({ url, http: {} }, systemClock);
  try {
    const { active } = await api.alertmanagers();
    return active[0]?.replace(/\/api\/v[12]\/alerts$/, '');
  } finally {
    await api.close();
  }
}

/** Whose instance has a port of the target; else it has to be said which. */
async function jobOf(metrics: Metrics, survey: Survey, { job, choose }: JobChoice): Promise<string> {
  const jobs = [...new Set(metrics.all().map((metric) => metric.job))].filter((each) => each !== '').sort();
  if (job !== undefined) {
    if (jobs.includes(job)) return job;
    throw UserError.of('FD110', `that Prometheus has no job ${job}; it has ${jobs.join(', ')}`);
  }
  const own = jobs.filter((each) =>
    jobInstances(metrics, each).some((instance) => isPortOf(survey, instance)),
  );
  if (own.length === 1) return own[0]!;
  const candidates = own.length > 0 ? own : jobs;
  if (candidates.length === 0) throw UserError.of('FD907', 'that Prometheus has no series with a job');
  if (candidates.length === 1) return candidates[0]!;
  const like = candidates.filter((each) => each.includes(survey.name));
  const [only] = like.length === 1 ? like : [];
  if (only !== undefined) return only;
  return candidates[await choose(candidates)]!;
}

function jobInstances(metrics: Metrics, job: string): string[] {
  return metrics.of('up', job)?.series.map((labels) => labels.get('instance')) ?? [];
}

function isPortOf({ ports }: Survey, instance: string): boolean {
  return ports.some(({ port }) => instance.endsWith(`:${port}`));
}
