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

/** What is kept of each group, in the order in which their first member comes. */
export class Groups<T> {
  readonly #clause: Clause;
  readonly #create: (labels: Labels) => T;
  readonly #byKey = new Map<string, T>();

  constructor(clause: Clause, create: (labels: Labels) => T) {
    this.#clause = clause;
    this.#create = create;
  }

  of(labels: Labels): T {
    const key = groupKey(labels, this.#clause);
    let group = this.#byKey.get(key);
    if (group === undefined) {
      group = this.#create(groupLabels(labels, this.#clause));
      this.#byKey.set(key, group);
    }
    return group;
  }

  list(): T[] {
    return [...this.#byKey.values()];
  }
}

export function groupSeries(series: Iterable<Series>, clause: Clause): Group[] {
  const groups = new Groups(clause, (labels) => ({ labels, members: [] as Series[], dropName: false }));
  for (const one of series) {
    const group = groups.of(one.labels);
    group.members.push(one);
    group.dropName ||= one.dropName;
  }
  return groups.list();
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
