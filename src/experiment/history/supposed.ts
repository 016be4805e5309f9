// The histories that a burn-rate alert is judged with beside its own: one without an error, and one that burnt exactly the
// whole budget. Each stands in place of all that was before the fault.

import type { Labels } from '../../base/labels.ts';
import type { Features } from '../../promql/features.ts';
import { firstAfter } from '../../telemetry/metrics/columns.ts';
import { present, type Queryable, type SeriesView } from '../../telemetry/metrics/series.ts';
import type { PlannedHistory } from '../timeline.ts';
import type { BurnRate, CountedSelector } from './burn-rate.ts';
import { HeldSeries } from './held-series.ts';
import { warm } from './warm.ts';

export interface Supposing {
  readonly burn: BurnRate;
  /** Windows and recording rules of this alert alone. */
  readonly plan: PlannedHistory;
  readonly live: Queryable;
  readonly steadyFromMs: number;
  readonly injectedAtMs: number;
  readonly endedAtMs: number;
  readonly seed: number;
  readonly features: Features;
}

/** The raw series as they would have been, made once and then changed for each supposition. */
export class Supposition {
  readonly #supposing: Supposing;
  readonly #base: HeldSeries;
  readonly #roles: Roles;
  readonly #totals = new Map<string, Total | undefined>();

  constructor(supposing: Supposing) {
    const { plan, live, steadyFromMs, injectedAtMs, seed, features } = supposing;
    this.#supposing = supposing;
    this.#base = warm({
      plan: { ...plan, recordings: [] },
      ...{ live, steadyFromMs, steadyToMs: injectedAtMs, joins: 'end', seed, features },
    }).history;
    this.#roles = rolesIn(supposing);
  }

  /** With errors at 0 or 1 times the budget; undefined where nothing tells how errors would have been counted. */
  at(burnRate: 0 | 1): HeldSeries | undefined {
    const { changed, partners, isPart, counts } = this.#roles;
    const share = this.#supposing.burn.budget * burnRate * wholeBudget;
    const supposed = new HeldSeries();
    for (const series of changed.values())
      this.#suppose(supposed, series, changed, counts === 'bad' ? share : 1 - share);
    if (supposed.seriesCount === 0) return undefined;
    // What did not fail went well: as many requests came in as in the baseline.
    if (isPart) for (const series of partners.values()) this.#suppose(supposed, series, partners, 1 - share);
    const all = this.#base.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    for (const { labels, column, values } of all)
      if (!supposed.get(labels)) supposed.add(labels, column, values);
    return supposed;
  }

  /** Counted back from where the series stood at the injection: its part of a share of all that its group counted. */
  #suppose(
    supposed: HeldSeries,
    { labels, group, view }: RoleSeries,
    siblings: ReadonlyMap<string, RoleSeries>,
    share: number,
  ): void {
    const total = this.#totalOf(group);
    if (!total) return;
    const { column, counted } = total;
    const oldestMs = column.times[0]!;
    const weights = [...siblings.values()]
      .filter((sibling) => sibling.group === group)
      .map((sibling) => ({ key: sibling.labels.key, counted: this.#countedBy(sibling, oldestMs) }));
    const sum = weights.reduce((before, { counted }) => before + counted, 0);
    const own = weights.find(({ key }) => key === labels.key)!.counted;
    // Where none of them counted anything, each has an equal part.
    const part = share * (sum > 0 ? own / sum : 1 / weights.length);
    const endsAt = lastValue(view, this.#supposing.injectedAtMs) ?? 0;
    const values = counted.map((each) => endsAt - part * each);
    supposed.add(labels, column, values);
  }

  /** What the whole group counted from each time of its history to the end of it. */
  #totalOf(group: string): Total | undefined {
    if (this.#totals.has(group)) return this.#totals.get(group);
    const { changed, partners, isPart } = this.#roles;
    const all = isPart ? [...changed.values(), ...partners.values()] : [...partners.values()];
    const known = all
      .filter((each) => each.group === group)
      .flatMap(({ labels }) => this.#base.get(labels) ?? []);
    const [grid] = known;
    const total = grid && {
      column: grid.column,
      counted: Float64Array.from(grid.column.times, (atMs) =>
        known.reduce((sum, each) => sum + countedSince(each, atMs), 0),
      ),
    };
    this.#totals.set(group, total);
    return total;
  }

  #countedBy({ labels }: RoleSeries, sinceMs: number): number {
    const known = this.#base.get(labels);
    return known ? countedSince(known, sinceMs) : 0;
  }
}

type Known = NonNullable<ReturnType<HeldSeries['get']>>;

interface Total {
  readonly column: Known['column'];
  readonly counted: Float64Array;
}

/** A hair less than the whole, so that rounding does not decide what `>` says. */
const wholeBudget = 1 - 1e-9;

interface RoleSeries {
  readonly labels: Labels;
  readonly view: SeriesView;
  /** Series of one group are added up. */
  readonly group: string;
}

interface Roles {
  readonly counts: 'bad' | 'good';
  /** The changed ones are a part of the total, and their partners the rest of it. */
  readonly isPart: boolean;
  readonly changed: ReadonlyMap<string, RoleSeries>;
  readonly partners: ReadonlyMap<string, RoleSeries>;
}

function rolesIn({ burn, live, endedAtMs }: Supposing): Roles {
  const { counts, changed: selectors, total: totals } = burn.ratio;
  const matched = named(selectors, totals);
  // Errors are often born with the first one: those that came with the fault take part as well.
  const find = (counted: readonly CountedSelector[]) =>
    new Map(
      counted.flatMap(({ selector, grouping }) =>
        live
          .select(selector.matchers, Number.NEGATIVE_INFINITY, endedAtMs)
          .map((view): [string, RoleSeries] => {
            const { labels } = view;
            return [labels.key, { labels, view, group: groupOf(labels, grouping, matched) }];
          }),
      ),
    );
  const changed = find(selectors);
  const total = find(totals);
  const isPart = [...changed.keys()].every((key) => total.has(key));
  if (!isPart) return { counts, isPart, changed, partners: total };
  const rest = new Map([...total].filter(([key]) => !changed.has(key)));
  return counts === 'bad'
    ? { counts, isPart, changed, partners: rest }
    : { counts: 'bad', isPart, changed: rest, partners: changed };
}

/** Labels that only tell bad from good, or one side from the other. */
function named(changed: readonly CountedSelector[], total: readonly CountedSelector[]): ReadonlySet<string> {
  const names = [...changed, ...total].flatMap(({ selector }) => selector.matchers.map(({ name }) => name));
  const inAll = (name: string) =>
    [...changed, ...total].every(({ selector }) => selector.matchers.some((each) => each.name === name));
  return new Set(['__name__', 'le', ...names.filter((name) => !inAll(name))]);
}

function groupOf(
  labels: Labels,
  grouping: CountedSelector['grouping'],
  matched: ReadonlySet<string>,
): string {
  if (grouping && !grouping.without) return labels.keep(grouping.grouping).key;
  return labels.without(...matched, ...(grouping?.grouping ?? [])).key;
}

function lastValue(view: SeriesView, atMs: number): number | undefined {
  for (let row = Math.min(view.last, firstAfter(view.column, atMs)) - 1; row >= view.first; row--)
    if (view.states[row - view.offset] === present) return view.values[row - view.offset];
  return undefined;
}

/** From the sample at or before the time on. */
function countedSince({ column, values }: Known, atMs: number): number {
  const row = Math.max(0, firstAfter(column, atMs) - 1);
  return values[values.length - 1]! - values[row]!;
}
