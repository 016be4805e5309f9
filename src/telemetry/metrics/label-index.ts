// The inverted index: for every label name and value, the series that have it. A selection starts from the shortest
// list that an equality matcher names and filters it; without one it starts from the values that a matcher accepts.

import { type Matcher, matchesAll } from '../../base/matcher.ts';
import type { StoredSeries } from './columns.ts';

export class LabelIndex {
  #all: StoredSeries[] = [];
  readonly #postings = new Map<string, Map<string, StoredSeries[]>>();

  add(series: StoredSeries): void {
    this.#all.push(series);
    for (const [name, value] of series.labels.pairs) {
      let byValue = this.#postings.get(name);
      if (!byValue) {
        byValue = new Map();
        this.#postings.set(name, byValue);
      }
      const list = byValue.get(value);
      if (list) list.push(series);
      else byValue.set(value, [series]);
    }
  }

  remove(gone: ReadonlySet<StoredSeries>): void {
    const touched = new Map<string, Set<string>>();
    for (const { labels } of gone) {
      for (const [name, value] of labels.pairs) {
        const values = touched.get(name);
        if (values) values.add(value);
        else touched.set(name, new Set([value]));
      }
    }
    const remaining = (list: readonly StoredSeries[]) => list.filter((series) => !gone.has(series));
    this.#all = remaining(this.#all);
    for (const [name, values] of touched) {
      const byValue = this.#postings.get(name)!;
      for (const value of values) {
        const left = remaining(byValue.get(value)!);
        if (left.length > 0) byValue.set(value, left);
        else byValue.delete(value);
      }
      if (byValue.size === 0) this.#postings.delete(name);
    }
  }

  names(): string[] {
    return [...this.#postings.keys()].sort();
  }

  values(name: string): string[] {
    return [...(this.#postings.get(name)?.keys() ?? [])].sort();
  }

  select(matchers: readonly Matcher[]): StoredSeries[] {
    const candidates = this.#shortestByEquality(matchers) ?? this.#byAcceptedValues(matchers) ?? this.#all;
    const filters = matchers.map(withMemory);
    return candidates.filter((series) => matchesAll(filters, series.labels));
  }

  #shortestByEquality(matchers: readonly Matcher[]): readonly StoredSeries[] | undefined {
    let shortest: readonly StoredSeries[] | undefined;
    for (const { operator, name, value } of matchers) {
      if (operator !== '=' || value === '') continue;
      const list = this.#postings.get(name)?.get(value) ?? [];
      if (!shortest || list.length < shortest.length) shortest = list;
    }
    return shortest;
  }

  /** From the first matcher that demands the label: a series without it cannot match. */
  #byAcceptedValues(matchers: readonly Matcher[]): readonly StoredSeries[] | undefined {
    const demanding = matchers.find((matcher) => !matcher.matches(''));
    if (!demanding) return undefined;
    const byValue = this.#postings.get(demanding.name) ?? new Map<string, StoredSeries[]>();
    return [...byValue].flatMap(([value, list]) => (demanding.matches(value) ? list : []));
  }
}

/** Runs a regular expression once for each distinct value, not once for each series. */
function withMemory(matcher: Matcher): Matcher {
  if (matcher.operator === '=' || matcher.operator === '!=') return matcher;
  const known = new Map<string, boolean>();
  return {
    ...matcher,
    matches: (value) => {
      let result = known.get(value);
      if (result === undefined) {
        result = matcher.matches(value);
        known.set(value, result);
      }
      return result;
    },
  };
}
