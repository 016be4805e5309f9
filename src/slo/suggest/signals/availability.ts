// Whether it is there: scrapes, probes, exporters that say whether they reach what they watch, configurations that were
// loaded, and what kube-state-metrics knows of nodes, pods and deployments.

import { type Candidate, type Detector, kebab } from '../candidate.ts';
import { type Metric, type Metrics, selector } from '../metrics.ts';

export const availabilities: Detector = (metrics) =>
  metrics.all().flatMap((metric) => [...states(metric), ...probes(metric), ...deployments(metric, metrics)]);

interface State {
  readonly pattern: RegExp;
  readonly about: string;
  readonly matchers?: readonly string[];
}

/** Gauges that are 1 while all is well; the first pattern that fits counts. */
const known: readonly State[] = [
  { pattern: /^up$/, about: 'scrapes that were answered' },
  { pattern: /^probe_success$/, about: 'probes that succeeded' },
  {
    pattern: /^kube_node_status_condition$/,
    about: 'nodes that were ready',
    matchers: ['condition="Ready"', 'status="true"'],
  },
  { pattern: /^kube_pod_status_ready$/, about: 'pods that were ready', matchers: ['condition="true"'] },
  { pattern: /^kube_pod_container_status_ready$/, about: 'containers that were ready' },
  { pattern: /^(?!node_network_)[a-z0-9_]+_up$/, about: 'times when % was 1: its exporter reached it' },
  { pattern: /_last_reload_successful$/, about: 'times when the configuration was the one that is on disk' },
  { pattern: /_collector_success$/, about: 'runs of collectors that succeeded' },
];

function states({ name, job, type }: Metric): Candidate[] {
  const state = type === 'counter' ? undefined : known.find(({ pattern }) => pattern.test(name));
  if (!state) return [];
  const query = selector(name, job, ...(state.matchers ?? []));
  return [
    {
      kind: 'state',
      signal: 'availability',
      name: kebab(name),
      job,
      about: state.about.replace('%', name),
      probe: query,
      metrics: [name],
      query,
    },
  ];
}

/** A probe's duration is one number each: its limit is taken from what the baseline had. */
function probes({ name, job }: Metric): Candidate[] {
  if (name !== 'probe_duration_seconds') return [];
  const query = selector(name, job);
  return [
    {
      kind: 'level',
      signal: 'latency',
      name: 'probe-duration',
      job,
      about: 'probes that took at most %',
      probe: query,
      metrics: [name],
      query: `max(${query})`,
      unit: 's',
    },
  ];
}

function deployments({ name, job }: Metric, metrics: Metrics): Candidate[] {
  const whole = 'kube_deployment_spec_replicas';
  if (name !== 'kube_deployment_status_replicas_available' || !metrics.of(whole, job)) return [];
  const own = selector(name, job);
  return [
    {
      kind: 'state',
      signal: 'availability',
      name: 'deployment-replicas',
      job,
      about: 'times when a deployment had all of its replicas',
      probe: own,
      metrics: [name, whole],
      query: `${own} >= bool ${selector(whole, job)}`,
    },
  ];
}
