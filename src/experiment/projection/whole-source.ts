// The series that rules select, taken together once: what was, and what is held on behind it. A query then only looks up
// where its window begins and ends.

import type { Matcher } from '../../base/matcher.ts';
import { firstAfter, firstAtOrAfter } from '../../telemetry/metrics/columns.ts';
import type { Queryable, SeriesView } from '../../telemetry/metrics/series.ts';

export class WholeSource implements Queryable {
  readonly #byName = new Map<string, SeriesView[]>();

  /** All series of the source that any of the matchers select. */
  constructor(source: Queryable, selections: readonly (readonly Matcher[])[]) {
    const taken = new Set<string>();
    for (const matchers of selections) {
      for (const view of source.select(matchers, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) {
        if (taken.has(view.labels.key)) continue;
        taken.add(view.labels.key);
        const { name } = view.labels;
        this.#byName.set(name, [...(this.#byName.get(name) ?? []), view]);
      }
    }
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    const name = matchers.find((matcher) => matcher.name === '__name__' && matcher.operator === '=');
    const candidates = name ? (this.#byName.get(name.value) ?? []) : [...this.#byName.values()].flat();
    return candidates.flatMap((view) => {
      if (!matchers.every((matcher) => matcher.matches(view.labels.get(matcher.name)))) return [];
      const first = Math.max(view.first, firstAtOrAfter(view.column, minMs));
      const last = Math.min(view.last, firstAfter(view.column, maxMs));
      return first < last ? [{ ...view, first, last }] : [];
    });
  }
}
