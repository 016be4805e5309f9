// Where a drifting gauge ends at the latest: at what the metrics themselves know as its limit. A trend without a known
// limit is not extended at all.

import { type Labels, metricName } from '../../base/labels.ts';
import { createMatcher } from '../../base/matcher.ts';
import { present, type Queryable } from '../../telemetry/metrics/series.ts';

export interface Limit {
  readonly value: number;
  /** In words: `process_max_fds`, `100 %`, `zero`. */
  readonly what: string;
}

/** Gauges beside whose name another metric with the same labels holds the limit, by the exporters' own names. */
const siblings: readonly (readonly [RegExp, string])[] = [
  [/^container_memory_(working_set_bytes|usage_bytes|rss)$/, 'container_spec_memory_limit_bytes'],
  [/^process_open_fds$/, 'process_max_fds'],
  [/^process_virtual_memory_bytes$/, 'process_virtual_memory_max_bytes'],
  [/^jvm_memory_(used|committed)_bytes$/, 'jvm_memory_max_bytes'],
  [/^redis_memory_used_bytes$/, 'redis_memory_max_bytes'],
  [/^kubelet_volume_stats_used_bytes$/, 'kubelet_volume_stats_capacity_bytes'],
  [/^kubelet_volume_stats_inodes_used$/, 'kubelet_volume_stats_inodes'],
  [/^node_filesystem_(avail|free)_bytes$/, 'node_filesystem_size_bytes'],
  [/^node_filesystem_files_free$/, 'node_filesystem_files'],
  [/^node_filefd_allocated$/, 'node_filefd_maximum'],
  [/^node_memory_(MemAvailable|MemFree|Buffers|Cached|Active|Inactive)_bytes$/, 'node_memory_MemTotal_bytes'],
];

/** Of what cannot be less than nothing, by its name. */
const neverNegative = /(_bytes|_seconds|_free|_avail|_available|_remaining|_ratio|_percent|_count|_fds)$/;

/** Undefined where no limit is known in that direction. */
export function limitOf(
  labels: Labels,
  direction: 'rising' | 'falling',
  recording: Queryable,
  atMs: number,
): Limit | undefined {
  const { name } = labels;
  if (direction === 'falling') return neverNegative.test(name) ? { value: 0, what: 'zero' } : undefined;
  if (name.endsWith('_ratio')) return { value: 1, what: '100 %' };
  if (/_percent(age)?$/.test(name)) return { value: 100, what: '100 %' };
  const sibling = siblings.find(([pattern]) => pattern.test(name))?.[1];
  const value = sibling === undefined ? undefined : lastValueOf(labels, sibling, recording, atMs);
  // Zero and less stand for no limit (cAdvisor, Redis, the JVM).
  return value !== undefined && value > 0 ? { value, what: sibling! } : undefined;
}

const lookBackMs = 300_000;

function lastValueOf(labels: Labels, name: string, recording: Queryable, atMs: number): number | undefined {
  const wanted = labels.with({ [metricName]: name });
  const views = recording.select([createMatcher(metricName, '=', name)], atMs - lookBackMs, atMs);
  const view = views.find((each) => each.labels.key === wanted.key);
  for (let row = (view?.last ?? 0) - 1; view && row >= view.first; row--)
    if (view.states[row - view.offset] === present) return view.values[row - view.offset];
  return undefined;
}
