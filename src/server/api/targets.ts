// targets, targets/metadata, scrape_pools and metadata.

import { formatDuration } from '../../base/duration.ts';
import type { LabelRecord } from '../../base/labels.ts';
import { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import { formatPromqlError } from '../../promql/errors.ts';
import { parseMatchers } from '../../promql/parser.ts';
import type { MetadataStore } from '../../telemetry/metrics/metadata.ts';
import type { ScrapePool } from '../../telemetry/metrics/scrape-pool.ts';
import type { ScrapeTarget } from '../../telemetry/metrics/scrape-target.ts';
import { type Answer, success } from '../http/answer.ts';
import { ApiError, invalidParameter } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import type { ScrapeJobs } from '../scrape-jobs.ts';
import { goTime } from './go-text.ts';

export function addTargetRoutes(router: Router, jobs: ScrapeJobs, metadata: MetadataStore): void {
  router.add('GET', '/api/v1/targets', (request) => targets(request, jobs));
  router.add('GET', '/api/v1/targets/metadata', (request) => targetMetadata(request, jobs, metadata));
  router.add('GET', '/api/v1/scrape_pools', () =>
    success({ scrapePools: jobs.pools.map(({ spec }) => spec.jobName).sort() }),
  );
  router.add('GET', '/api/v1/metadata', (request) => metricMetadata(request, metadata));
}

function targets({ parameters }: ApiRequest, jobs: ScrapeJobs): Answer {
  const state = parameters.get('state')?.toLowerCase() || 'any';
  const only = parameters.get('scrapePool');
  const sorted = [...jobs.pools].sort((a, b) => (a.spec.jobName < b.spec.jobName ? -1 : 1));
  const pools = sorted.filter(({ spec }) => !only || spec.jobName === only);
  const wants = (kind: string) => state === 'any' || state === kind;
  return success({
    activeTargets: wants('active')
      ? pools.flatMap((pool) => pool.targets.map((target) => targetFields(pool, target)))
      : [],
    droppedTargets: wants('dropped')
      ? pools.flatMap(({ dropped, spec }) =>
          dropped.labels.map((discoveredLabels) => ({ discoveredLabels, scrapePool: spec.jobName })),
        )
      : [],
    droppedTargetCounts: wants('dropped')
      ? Object.fromEntries(sorted.map(({ spec, dropped }) => [spec.jobName, dropped.count]))
      : null,
  });
}

function targetFields({ spec }: ScrapePool, { resolved, health }: ScrapeTarget): Record<string, unknown> {
  const { url, labels, discovered, intervalMs, timeoutMs } = resolved;
  return {
    discoveredLabels: discovered,
    labels,
    scrapePool: spec.jobName,
    scrapeUrl: url.href,
    globalUrl: url.href,
    lastError: health.lastError,
    lastScrape: goTime(health.lastScrapeMs),
    lastScrapeDuration: health.lastDurationMs / 1000,
    health: health.health,
    scrapeInterval: formatDuration(intervalMs),
    scrapeTimeout: formatDuration(timeoutMs),
  };
}

function targetMetadata({ parameters }: ApiRequest, jobs: ScrapeJobs, metadata: MetadataStore): Answer {
  const text = parameters.get('match_target');
  const parsed = text ? parseMatchers(text) : undefined;
  if (parsed && !parsed.ok) throw invalidParameter('match_target', formatPromqlError(text!, parsed.error));
  const limit = limitOf(parameters, 'limit');
  const metric = parameters.get('metric');
  const found: Record<string, unknown>[] = [];
  for (const target of jobs.pools.flatMap((pool) => pool.targets)) {
    const { labels } = target.resolved;
    if (parsed && !matchesAll(parsed.matchers, Labels.from(labels))) continue;
    found.push(...ofTarget(metadata, target.source, metric, labels));
    if (limit >= 0 && found.length >= limit) break;
  }
  return success(limit >= 0 ? found.slice(0, limit) : found);
}

function ofTarget(
  metadata: MetadataStore,
  source: string,
  metric: string | null,
  target: LabelRecord,
): Record<string, unknown>[] {
  return [...metadata.ofSource(source)].flatMap(([name, { type, help, unit }]) => {
    if (metric && name !== metric) return [];
    return [{ target, ...(metric ? {} : { metric: name }), type, help, unit }];
  });
}

function metricMetadata({ parameters }: ApiRequest, metadata: MetadataStore): Answer {
  const limit = limitOf(parameters, 'limit');
  const perMetric = limitOf(parameters, 'limit_per_metric');
  const metric = parameters.get('metric');
  const all = metadata.all();
  const wanted = metric ? [...all].filter(([name]) => name === metric) : [...all];
  const shown = (limit >= 0 ? wanted.slice(0, limit) : wanted).map(
    ([name, list]) => [name, perMetric > 0 ? list.slice(0, perMetric) : list] as const,
  );
  return success(Object.fromEntries(shown));
}

/** -1 when there is none. */
function limitOf(parameters: URLSearchParams, name: string): number {
  const text = parameters.get(name);
  if (!text) return -1;
  if (!/^[+-]?\d+$/.test(text)) throw new ApiError('bad_data', `${name} must be a number`);
  return Number(text);
}
