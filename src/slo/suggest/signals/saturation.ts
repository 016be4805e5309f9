// How full something is: what is used beside its capacity, what is free beside the whole, processors, and queues
// without a bound.

import { type Candidate, type Detector, kebab } from '../candidate.ts';
import { type Metric, type Metrics, selector } from '../metrics.ts';

interface Capacity {
  readonly name: string;
  /** What is used, as the end of `80 % of the`. */
  readonly about: string;
  /** In place of a sentence made of `about`. */
  readonly sentence?: string;
  readonly of: string;
  /** The capacity, or the whole of what is free. */
  readonly whole: string;
  readonly isFree?: true;
  /** Several series of what is used share one capacity. */
  readonly isSummed?: true;
  /** A whole of 0 says that there is no bound. */
  readonly mayBeUnbounded?: true;
  readonly matcher?: string;
}

const realFileSystems = 'fstype!~"tmpfs|ramfs|squashfs|iso9660|erofs|overlay|autofs|devtmpfs|fuse.*"';

const known: readonly Capacity[] = [
  {
    name: 'connections',
    about: 'connections of PostgreSQL',
    of: 'pg_stat_activity_count',
    whole: 'pg_settings_max_connections',
    isSummed: true,
  },
  {
    name: 'connections',
    about: 'connections of MySQL',
    of: 'mysql_global_status_threads_connected',
    whole: 'mysql_global_variables_max_connections',
  },
  {
    name: 'clients',
    about: 'clients of redis',
    of: 'redis_connected_clients',
    whole: 'redis_config_maxclients',
  },
  { name: 'clients', about: 'clients of redis', of: 'redis_connected_clients', whole: 'redis_max_clients' },
  {
    name: 'memory',
    about: 'memory of redis',
    of: 'redis_memory_used_bytes',
    whole: 'redis_memory_max_bytes',
    mayBeUnbounded: true,
  },
  {
    name: 'database-connections',
    about: 'connections of the pool',
    of: 'go_sql_in_use_connections',
    whole: 'go_sql_max_open_connections',
    mayBeUnbounded: true,
  },
  {
    name: 'database-connections',
    about: 'connections of the pool',
    of: 'hikaricp_connections_active',
    whole: 'hikaricp_connections_max',
  },
  {
    name: 'heap',
    about: 'heap of the JVM',
    of: 'jvm_memory_used_bytes',
    whole: 'jvm_memory_max_bytes',
    mayBeUnbounded: true,
    matcher: 'area="heap"',
  },
  {
    name: 'memory',
    about: 'memory of the machine',
    of: 'node_memory_MemAvailable_bytes',
    whole: 'node_memory_MemTotal_bytes',
    isFree: true,
  },
  {
    name: 'disk-space',
    about: 'space of the fullest file system',
    of: 'node_filesystem_avail_bytes',
    whole: 'node_filesystem_size_bytes',
    isFree: true,
    mayBeUnbounded: true,
    matcher: realFileSystems,
  },
  {
    name: 'inodes',
    about: 'inodes of the fullest file system',
    of: 'node_filesystem_files_free',
    whole: 'node_filesystem_files',
    isFree: true,
    mayBeUnbounded: true,
    matcher: realFileSystems,
  },
  {
    name: 'file-descriptors',
    about: 'open files of the machine',
    of: 'node_filefd_allocated',
    whole: 'node_filefd_maximum',
  },
  {
    name: 'container-memory',
    about: 'memory of the fullest container',
    of: 'container_memory_working_set_bytes',
    whole: 'container_spec_memory_limit_bytes',
    mayBeUnbounded: true,
  },
  {
    name: 'volumes',
    about: 'space of the fullest volume',
    of: 'kubelet_volume_stats_available_bytes',
    whole: 'kubelet_volume_stats_capacity_bytes',
    isFree: true,
  },
  {
    name: 'open-files',
    about: 'open files of the process',
    of: 'process_open_fds',
    whole: 'process_max_fds',
  },
];

export const saturations: Detector = (metrics) => [
  ...known.flatMap((capacity) => ofCapacity(capacity, metrics)),
  ...metrics.all().flatMap((metric) => ofNames(metric, metrics)),
  ...metrics.all().flatMap(processors),
  ...metrics.all().flatMap((metric) => queues(metric, metrics)),
];

function ofCapacity(capacity: Capacity, metrics: Metrics): Candidate[] {
  const { about, of, whole } = capacity;
  return metrics
    .all()
    .filter(({ name, job }) => name === of && metrics.of(whole, job) !== undefined)
    .map(({ job }) => ({
      kind: 'use',
      signal: 'saturation',
      name: capacity.name,
      job,
      about: capacity.sentence ?? `time with at most % of the ${about} in use`,
      probe: selector(of, job),
      metrics: [of, whole],
      query: useOf(capacity, job),
    }));
}

function useOf({ of, whole, isFree, isSummed, mayBeUnbounded, matcher }: Capacity, job: string): string {
  const matchers = matcher === undefined ? [] : [matcher];
  const part = selector(of, job, ...matchers);
  const all = selector(whole, job, ...matchers);
  if (isSummed) return `sum(${part}) / sum(${all})`;
  const quotient = `${part} / ${mayBeUnbounded ? `(${all} > 0)` : all}`;
  return isFree ? `max(1 - ${quotient})` : `max(${quotient})`;
}

/** What is used, and how the same name goes on for its capacity. */
const suffixes: readonly (readonly [string, readonly string[]])[] = [
  ['_length', ['_capacity', '_max_length']],
  ['_size', ['_capacity', '_max_size']],
  ['_entries', ['_entries_limit', '_capacity', '_max_entries']],
  ['_used_bytes', ['_max_bytes', '_limit_bytes', '_capacity_bytes']],
  ['_usage_bytes', ['_max_bytes', '_limit_bytes', '_capacity_bytes']],
  ['_used', ['_max', '_limit', '_capacity']],
  ['_active', ['_max', '_limit', '_capacity']],
  ['_in_use', ['_max', '_limit', '_capacity']],
  ['_current', ['_max', '_limit', '_capacity']],
];

const isKnown = new Set(known.map(({ of }) => of));

function ofNames({ name, job, type }: Metric, metrics: Metrics): Candidate[] {
  if (type === 'counter' || isKnown.has(name)) return [];
  for (const [used, capacities] of suffixes) {
    if (!name.endsWith(used)) continue;
    const stem = name.slice(0, -used.length);
    const whole = capacities.map((each) => `${stem}${each}`).find((each) => metrics.of(each, job));
    if (whole === undefined) continue;
    const capacity: Capacity = {
      name: kebab(stem),
      about: stem,
      sentence: `time with ${name} at most % of ${whole}`,
      of: name,
      whole,
      mayBeUnbounded: true,
    };
    return ofCapacity(capacity, metrics).filter((candidate) => candidate.job === job);
  }
  return [];
}

function processors({ name, job }: Metric): Candidate[] {
  if (name !== 'node_cpu_seconds_total') return [];
  const idle = selector(name, job, 'mode="idle"');
  return [
    {
      kind: 'use',
      signal: 'saturation',
      name: 'cpu',
      job,
      about: 'time with at most % of the processors in use, over 5 minutes',
      probe: idle,
      metrics: [name],
      query: `1 - avg(rate(${idle}[5m]))`,
    },
  ];
}

const queueNames =
  /(?:^|_)(?:queue_(?:length|depth|size)|queued|lag|backlog|messages_(?:ready|unacknowledged|unacked))$/;
/** A setting of the network card, not a queue's length. */
const notQueues = new Set(['node_network_transmit_queue_length']);

function queues(metric: Metric, metrics: Metrics): Candidate[] {
  const { name, job, type } = metric;
  if (type === 'counter' || !queueNames.test(name) || notQueues.has(name)) return [];
  if (ofNames(metric, metrics).length > 0) return [];
  return [
    {
      kind: 'level',
      signal: 'saturation',
      name: kebab(name),
      job,
      about: `time with ${name} at most %`,
      probe: selector(name, job),
      metrics: [name],
      query: `max(${selector(name, job)})`,
      unit: '',
    },
  ];
}
