// Which series of two vectors may meet: those whose matching labels are equal. Decided once a query.

import { type Labels, metricName } from '../../base/labels.ts';
import type { VectorMatching } from '../ast.ts';
import type { Series } from '../values.ts';

/** All series of both sides with one set of matching labels. */
export interface MatchGroup {
  readonly left: Series[];
  readonly right: Series[];
}

export function matchGroups(
  left: readonly Series[],
  right: readonly Series[],
  matching: VectorMatching,
): MatchGroup[] {
  const groups = new Map<string, MatchGroup>();
  const groupOf = (series: Series) => {
    const key = signature(series.labels, matching);
    let group = groups.get(key);
    if (!group) {
      group = { left: [], right: [] };
      groups.set(key, group);
    }
    return group;
  };
  for (const series of left) groupOf(series).left.push(series);
  for (const series of right) groupOf(series).right.push(series);
  return [...groups.values()];
}

function signature(labels: Labels, { on, labels: names }: VectorMatching): string {
  if (on) return names.map((name) => labels.get(name)).join('\u0001');
  let key = '';
  for (const [name, value] of labels.pairs) {
    if (name === metricName || names.includes(name)) continue;
    key += `${name}\u0000${value}\u0001`;
  }
  return key;
}

/** The labels by which a series was matched, for error messages and filled-in partners. */
export function matchingLabels(labels: Labels, { on, labels: names }: VectorMatching): Labels {
  return on ? labels.keep(names) : labels.without(metricName, ...names);
}
