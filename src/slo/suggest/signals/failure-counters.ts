// Failures that are counted beside what was tried: `x_failed_total` and `x_total`, and the pairs of well-known exporters
// whose names follow no rule.

import { type Candidate, type Detector, kebab } from '../candidate.ts';
import { type Metric, type Metrics, selector } from '../metrics.ts';

interface KnownPair {
  readonly name: string;
  readonly about: string;
  readonly total: readonly string[];
  readonly bad?: string;
  readonly good?: string;
}

const knownPairs: readonly KnownPair[] = [
  {
    name: 'connections',
    about: 'accepted connections that nginx handled',
    good: 'nginx_connections_handled',
    total: ['nginx_connections_accepted'],
  },
  {
    name: 'connections',
    about: 'connections that redis did not reject',
    bad: 'redis_rejected_connections_total',
    total: ['redis_connections_received_total'],
  },
  {
    name: 'commands',
    about: 'commands of redis that did not fail',
    bad: 'redis_commands_failed_calls_total',
    total: ['redis_commands_total'],
  },
  {
    name: 'transactions',
    about: 'transactions that were committed, not rolled back',
    bad: 'pg_stat_database_xact_rollback',
    total: ['pg_stat_database_xact_commit', 'pg_stat_database_xact_rollback'],
  },
  {
    name: 'received-packets',
    about: 'packets that were received without an error',
    bad: 'node_network_receive_errs_total',
    total: ['node_network_receive_packets_total'],
  },
  {
    name: 'transmitted-packets',
    about: 'packets that were sent without an error',
    bad: 'node_network_transmit_errs_total',
    total: ['node_network_transmit_packets_total'],
  },
  {
    name: 'cpu-periods',
    about: 'scheduling periods of containers that were not throttled',
    bad: 'container_cpu_cfs_throttled_periods_total',
    total: ['container_cpu_cfs_periods_total'],
  },
  {
    name: 'notifications',
    about: 'alerts that were sent to an Alertmanager without an error',
    bad: 'prometheus_notifications_errors_total',
    total: ['prometheus_notifications_sent_total'],
  },
];

export const failureCounters: Detector = (metrics) => [
  ...knownPairs.flatMap((pair) => ofKnownPair(pair, metrics)),
  ...metrics.all().flatMap((metric) => ofNames(metric, metrics)),
];

function ofKnownPair({ name, about, total, bad, good }: KnownPair, metrics: Metrics): Candidate[] {
  const jobs = metrics.all().filter((metric) => metric.name === total[0]);
  return jobs.flatMap(({ job }): Candidate[] => {
    const side = (good ?? bad)!;
    if (![side, ...total].every((each) => metrics.of(each, job))) return [];
    const sum = (metric: string) => `sum(${selector(metric, job)})`;
    const base = {
      kind: 'ratio' as const,
      signal: 'errors' as const,
      ...{ name, job, about },
      probe: selector(total[0]!, job),
      metrics: [...new Set([side, ...total])],
      total: total.map(sum).join(' + '),
    };
    return [good === undefined ? { ...base, bad: sum(side) } : { ...base, good: sum(good) }];
  });
}

const failureName = /^(.+?)_(?:failed|failures|failure|errors|error|errs|rejected|dropped)(?:_total)?$/;
const isKnown = new Set(knownPairs.flatMap(({ bad }) => bad ?? []));

function ofNames(failures: Metric, metrics: Metrics): Candidate[] {
  const stem = failureName.exec(failures.name)?.[1];
  const { job } = failures;
  if (stem === undefined || failures.type !== 'counter' || isKnown.has(failures.name)) return [];
  const tried = [`${stem}_total`, `${stem}s_total`, `${stem}_requests_total`, `${stem}_attempts_total`]
    .map((name) => metrics.of(name, job))
    .find((metric) => metric?.type === 'counter');
  if (!tried) return [];
  const total = selector(tried.name, job);
  return [
    {
      kind: 'ratio',
      signal: 'errors',
      name: kebab(tried.name),
      job,
      about: `${tried.name} without those of ${failures.name}`,
      probe: total,
      metrics: [tried.name, failures.name],
      bad: `sum(${selector(failures.name, job)})`,
      total: `sum(${total})`,
    },
  ];
}
