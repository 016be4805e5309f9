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

  select(matchers: readonly Matcher[]): readonly StoredSeries[] {
    const { candidates, decided } = this.#shortestByEquality(matchers) ?? this.#byAcceptedValues(matchers);
    const filters = matchers.filter((matcher) => matcher !== decided).map(withMemory);
    if (filters.length === 0) return candidates;
    return candidates.filter((series) => matchesAll(filters, series.labels));
  }

  #shortestByEquality(matchers: readonly Matcher[]): Candidates | undefined {
    let shortest: Candidates | undefined;
    for (const matcher of matchers) {
      const { operator, name, value } = matcher;
      if (operator !== '=' || value === '') continue;
      const candidates = this.#postings.get(name)?.get(value) ?? [];
      if (!shortest || candidates.length < shortest.candidates.length)
        shortest = { candidates, decided: matcher };
    }
    return shortest;
  }

  /** From the first matcher that demands the label: a series without it cannot match. */
  #byAcceptedValues(matchers: readonly Matcher[]): Candidates {
    const decided = matchers.find((matcher) => !matcher.matches(''));
    if (!decided) return { candidates: this.#all, decided };
    const byValue = this.#postings.get(decided.name) ?? new Map<string, StoredSeries[]>();
    const candidates = [...byValue].flatMap(([value, list]) => (decided.matches(value) ? list : []));
    return { candidates, decided };
  }
}

/** Series among which the wanted ones are, and the matcher that all of them fulfil. */
interface Candidates {
  readonly candidates: readonly StoredSeries[];
  readonly decided: Matcher | undefined;
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
