// What both versions of remote write come to.

import type { Labels } from '../../../base/labels.ts';
import type { Exemplar, MetricFamily } from '../exposition/exposition.ts';
import type { NativeHistogram } from '../native-histogram.ts';

export interface WrittenSample {
  readonly atMs: number;
  /** Means nothing beside a histogram or in a stale marker. */
  readonly value: number;
  readonly stale: boolean;
  readonly histogram: NativeHistogram | undefined;
  readonly startMs: number | undefined;
}

export interface WrittenSeries {
  readonly labels: Labels;
  readonly samples: readonly WrittenSample[];
  readonly exemplars: readonly Exemplar[];
}

export interface WriteRequest {
  readonly series: readonly WrittenSeries[];
  readonly families: readonly MetricFamily[];
  /** Why parts of the request cannot be taken, while the rest can. */
  readonly mistakes: readonly string[];
  /** An exemplar that is older than one before is told as a mistake. */
  readonly tellsLateExemplars?: boolean;
}

/** Why a label set cannot name a series; undefined when it can. */
export function labelSetMistake(pairs: readonly (readonly [string, string])[]): string | undefined {
  let named = false;
  const names = new Set<string>();
  for (const [name, value] of pairs) {
    if (name === '') return 'a label has no name';
    if (names.has(name)) return `label ${JSON.stringify(name.slice(0, 60))} stands twice`;
    names.add(name);
    named ||= name === '__name__' && value !== '';
  }
  return named ? undefined : 'a series has no metric name';
}
