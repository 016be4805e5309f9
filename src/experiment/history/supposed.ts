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
    const { burn } = this.#supposing;
    const share = burn.budget * burnRate * wholeBudget;
    const { changed, isPart, counts } = this.#roles;
    // Of errors that are a part of the total, by how many others each comes along.
    const wanted = isPart ? share / (1 - share) : counts === 'bad' ? share : 1 - share;
    const supposed = new HeldSeries();
    for (const series of changed.values()) {
      const past = this.#past(series, wanted);
      if (past) supposed.add(series.labels, past.column, past.values);
    }
    if (supposed.seriesCount === 0) return undefined;
    const all = this.#base.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    for (const { labels, column, values } of all)
      if (!supposed.get(labels)) supposed.add(labels, column, values);
    return supposed;
  }

  /** Counted back from where the series stood at the injection: its part of what its group's partners counted. */
  #past({ group, view }: RoleSeries, wanted: number) {
    const { changed, partners } = this.#roles;
    const own = [...partners.values()].filter((partner) => partner.group === group);
    const known = own.flatMap((partner) => this.#base.get(partner.labels) ?? []);
    const [grid] = known;
    if (!grid) return undefined;
    const siblings = [...changed.values()].filter((sibling) => sibling.group === group).length;
    const { column } = grid;
    const startsAt = lastValue(view, this.#supposing.injectedAtMs) ?? 0;
    const values = Float64Array.from(column.times, (atMs) => {
      const counted = known.reduce((sum, partner) => sum + countedSince(partner, atMs), 0);
      return startsAt - (wanted * counted) / siblings;
    });
    return { column, values };
  }
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
function countedSince({ column, values }: NonNullable<ReturnType<HeldSeries['get']>>, atMs: number): number {
  const row = Math.max(0, firstAfter(column, atMs) - 1);
  return values[values.length - 1]! - values[row]!;
}
