// Suggested objectives in the form that a drill of a minute wants: a comparison over some seconds, and what each fault
// can be expected to do to it.

import { filled, operatorOf, queryOver } from '../../slo/sli-over.ts';
import type { Suggestion } from '../../slo/suggest/suggest.ts';
import { delayMs, type FirstFaultName } from './first-faults.ts';

export interface DrillObjective {
  readonly name: string;
  readonly about: string;
  readonly promql: string;
  readonly metrics: readonly string[];
  /** The label `job` of its series; undefined for our own requests. */
  readonly job: string | undefined;
  /** Of our own requests: errors or durations; `scrape`: whether metrics come; else anything that is scraped. */
  readonly source: 'traffic-errors' | 'traffic-latency' | 'scrape' | 'scraped';
  /** Of durations, in milliseconds. */
  readonly limitMs: number | undefined;
  /** Of a share: requests that a phase of a short drill has; undefined for what is no share. */
  readonly minEvents: number | undefined;
}

/** Far fewer than a budget wants: a drill asks whether something breaks, not whether a promise is kept for a month. */
const trafficEventsMin = 20;
const scrapedEventsMin = 10;

const objectivesMax = 8;
/** A rate needs some samples. */
const scrapesInWindow = 5;

/** Of the target: those that only speak of an exporter's own process are left out. */
export function drillObjectives(
  suggestions: readonly Suggestion[],
  intervalMs: number,
  isExporter: boolean,
): DrillObjective[] {
  const windowMs = scrapesInWindow * intervalMs;
  const names = new Set<string>();
  const found = suggestions
    .filter(
      ({ metrics }) => !(isExporter && metrics.some((metric) => /^(?:process|go)_|_exporter_/.test(metric))),
    )
    .map((suggestion): DrillObjective => {
      const source = sourceOf(suggestion);
      const base = shortName(suggestion, source);
      let name = base;
      for (let number = 2; names.has(name); number++) name = `${base}-${number}`;
      names.add(name);
      const { metrics, job, sli } = suggestion;
      const isTraffic = source.startsWith('traffic');
      return {
        ...{ name, metrics, source },
        about: aboutOf(suggestion, source),
        promql: comparison(suggestion, windowMs),
        job: isTraffic ? undefined : job,
        minEvents: sli.type === 'threshold' ? undefined : isTraffic ? trafficEventsMin : scrapedEventsMin,
        limitMs: source === 'traffic-latency' ? limitOf(suggestion) : undefined,
      };
    });
  const rank = (source: DrillObjective['source']) =>
    ['traffic-errors', 'scrape', 'scraped', 'traffic-latency'].indexOf(source);
  return found.sort((a, b) => rank(a.source) - rank(b.source)).slice(0, objectivesMax);
}

function sourceOf({ metrics }: Suggestion): DrillObjective['source'] {
  if (metrics.includes('firedrill_requests_total')) return 'traffic-errors';
  if (metrics.some((metric) => metric.startsWith('firedrill_request_duration'))) return 'traffic-latency';
  return metrics.length === 1 && metrics[0] === 'up' ? 'scrape' : 'scraped';
}

function shortName({ id, service }: Suggestion, source: DrillObjective['source']): string {
  if (source === 'traffic-errors') return 'requests';
  if (source === 'traffic-latency') return 'latency';
  if (source === 'scrape') return 'metrics';
  return id.startsWith(`${service}-`) ? id.slice(service.length + 1) : id;
}

function aboutOf({ about }: Suggestion, source: DrillObjective['source']): string {
  if (source === 'traffic-errors')
    return 'requests of our traffic that were answered in time, and not with 5xx';
  if (source === 'traffic-latency') return about.replace(/^\S+/, 'answers to our traffic');
  return about;
}

function comparison({ sli, target }: Suggestion, windowMs: number): string {
  if (sli.type === 'threshold') {
    const { query, op, value } = sli;
    if (op === 'gte' && value === 1) return `${query.promql} == 1`;
    return `${query.promql} ${operatorOf(op)} ${value}`;
  }
  if (sli.type === 'raw') return `${filled(sli.query.promql, windowMs)} >= ${target.ratio}`;
  const total = queryOver(sli.total, windowMs);
  const divisor = / [-+] /.test(sli.total.promql) ? `(${total})` : total;
  if (sli.good) return `${queryOver(sli.good, windowMs)} / ${divisor} >= ${target.ratio}`;
  // Most services have no series of errors before their first error.
  return `(${queryOver(sli.bad, windowMs)} or vector(0)) / ${divisor} <= ${target.errorBudget}`;
}

function limitOf({ sli }: Suggestion): number | undefined {
  const le = sli.type === 'ratio' ? /le="([^"]+)"/.exec(sli.good?.promql ?? '')?.[1] : undefined;
  return le === undefined ? undefined : Number(le) * 1000;
}

export type Expectation =
  | { readonly expect: 'held' | 'breached' }
  /** It says nothing about this fault, so it is not asked. */
  | { readonly expect: 'silent'; readonly why: string };

/** What is known beforehand. Everything else is a hypothesis, and the first one is that the service holds. */
export function expectationOf({ source, limitMs }: DrillObjective, fault: FirstFaultName): Expectation {
  if (fault === 'cpu') return { expect: 'held' };
  if (fault === 'delay')
    return {
      expect:
        source === 'traffic-latency' && limitMs !== undefined && limitMs < 2 * delayMs ? 'breached' : 'held',
    };
  switch (source) {
    case 'traffic-errors':
    case 'scrape':
      return { expect: 'breached' };
    case 'traffic-latency':
      return { expect: 'silent', why: 'what nobody answers has no latency to speak of' };
    case 'scraped':
      return { expect: 'silent', why: 'while the target stands still these metrics may not be there' };
  }
}
