// Which series of a vector belong together, and how the result is labelled. Decided once a query, not once a step.

import { Labels, metricName } from '../../base/labels.ts';
import type { Aggregate } from '../ast.ts';
import type { Series } from '../values.ts';

export interface Group {
  readonly labels: Labels;
  readonly members: readonly Series[];
  /** Some member loses its name when the query ends, so the result does too. */
  readonly dropName: boolean;
}

type Clause = Pick<Aggregate, 'grouping' | 'without'>;

/** Groups in the order in which their first member comes. */
export function groupSeries(series: readonly Series[], clause: Clause): Group[] {
  const groups = new Map<string, { labels: Labels | undefined; members: Series[]; dropName: boolean }>();
  for (const one of series) {
    const key = groupKey(one.labels, clause);
    const group = groups.get(key);
    if (group) {
      group.members.push(one);
      group.dropName ||= one.dropName;
    } else {
      groups.set(key, { labels: undefined, members: [one], dropName: one.dropName });
    }
  }
  return [...groups.values()].map((group) => ({
    ...group,
    labels: groupLabels(group.members[0]!.labels, clause),
  }));
}

export function groupLabels(labels: Labels, { grouping, without }: Clause): Labels {
  if (without) return labels.without(metricName, ...grouping);
  return grouping.length === 0 ? Labels.empty : labels.keep(grouping);
}

function groupKey(labels: Labels, { grouping, without }: Clause): string {
  if (without) return labels.without(metricName, ...grouping).key;
  let key = '';
  for (const name of grouping) key += `${labels.get(name)}\u0001`;
  return key;
}
