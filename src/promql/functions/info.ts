// info(): adds to each series the labels of the info metrics (target_info unless told otherwise) that have the same
// instance and job. The second argument is no vector but matchers: for the info metrics' names, and for the labels that
// are wanted.

import { type Labels, metricName } from '../../base/labels.ts';
import { createMatcher, type Matcher } from '../../base/matcher.ts';
import type { Expr, VectorSelector } from '../ast.ts';
import { mergeDuplicates } from '../duplicates.ts';
import { queryError } from '../errors.ts';
import { selectInstant } from '../select/instant.ts';
import type { Moments } from '../select/windows.ts';
import { newSeries, type Series, type SeriesBuilder, setSample, vector } from '../values.ts';
import { childrenOf } from '../walk.ts';
import { type FunctionImplementation, type FunctionInput, vectorArgument } from './function.ts';

const identifyingLabels = ['instance', 'job'];

/** What the second argument asks for. */
interface Wanted {
  readonly names: readonly Matcher[];
  /** Matchers of labels other than the name; only these labels are added, all when there are none. */
  readonly data: readonly Matcher[];
}

export const info: FunctionImplementation = (input) => {
  const { series } = vectorArgument(input);
  const wanted = wantedBy(input.call.args[1]);
  const isInfo = (labels: Labels) => wanted.names.every((matcher) => matcher.matches(labels.name));
  const base = series.filter(({ labels }) => !isInfo(labels));
  const join = new InfoJoin(input, wanted, infoSeries(input, wanted, base));
  const own = new Set(base);
  return vector(mergeDuplicates(series.flatMap((one) => (own.has(one) ? join.extend(one, series) : [one]))));
};

function wantedBy(argument: Expr | undefined): Wanted {
  const matchers = argument?.kind === 'vectorSelector' ? argument.matchers : [];
  const names = matchers.filter(({ name }) => name === metricName);
  const data = matchers.filter(({ name }) => name !== metricName);
  if (names.some(({ operator }) => operator === '=' || operator === '=~')) return { names, data };
  // Matchers that only exclude names would let every metric pass.
  const among =
    names.length > 0
      ? createMatcher(metricName, '=~', '.+_info')
      : createMatcher(metricName, '=', 'target_info');
  return { names: [among, ...names], data };
}

/** The info series that may belong to one of these, with the time of their newest sample as value. */
function infoSeries(input: FunctionInput, { names, data }: Wanted, base: readonly Series[]): Series[] {
  const known = identifyingLabels
    .map((name) => ({ name, values: new Set(base.map(({ labels }) => labels.get(name)).filter(Boolean)) }))
    .filter(({ values }) => values.size > 0);
  if (known.length === 0) return [];
  const moments = momentsOf(input);
  const matchers = [...data, ...names];
  const belongs = ({ labels }: Series) => known.every(({ name, values }) => values.has(labels.get(name)));
  const samples = selectInstant(input.context, { matchers }, moments).series.filter(belongs);
  const histogram = samples.find(({ histograms }) => histograms);
  if (histogram) {
    throw queryError(`this should be an info metric, with float samples: ${histogram.labels}`);
  }
  return selectInstant(input.context, { matchers }, moments, 'time').series.filter(belongs);
}

/** Info series are looked up at the time at which the argument's first selector looks. */
function momentsOf({ call, grid }: FunctionInput): Moments {
  const found = firstSelector(call.args[0]!, { offsetMs: 0, at: undefined });
  const at = found?.at;
  return { grid, offsetMs: found?.offsetMs ?? 0, atMs: typeof at === 'number' ? at : undefined };
}

type Time = Pick<VectorSelector, 'offsetMs' | 'at'>;

function firstSelector(expr: Expr, around: Time): Time | undefined {
  if (expr.kind === 'vectorSelector') {
    if (expr.at !== undefined) return expr;
    return { offsetMs: expr.offsetMs + around.offsetMs, at: around.at };
  }
  // The innermost time that is fixed counts, with the offsets up to there.
  const isFixed = expr.kind === 'subquery' && expr.at !== undefined;
  const outer = expr.kind !== 'subquery' ? around : isFixed ? expr : addOffset(around, expr.offsetMs);
  for (const child of childrenOf(expr)) {
    const found = firstSelector(child, outer);
    if (found) return found;
  }
  return undefined;
}

function addOffset({ offsetMs, at }: Time, moreMs: number): Time {
  return { offsetMs: offsetMs + moreMs, at };
}

class InfoJoin {
  readonly #steps: number;
  readonly #wanted: Wanted;
  readonly #infos: readonly Series[];
  readonly #names: readonly string[];
  /** For each step on which anything is joined: the newest info series by name and identity. */
  readonly #newest = new Map<number, ReadonlyMap<string, Series>>();

  constructor({ grid }: FunctionInput, wanted: Wanted, infos: readonly Series[]) {
    this.#steps = grid.steps;
    this.#wanted = wanted;
    this.#infos = infos;
    this.#names = [...new Set(infos.map(({ labels }) => labels.name))];
  }

  /** The series with the labels added that hold at each step: one series for each set of them. */
  extend(base: Series, all: readonly Series[]): SeriesBuilder[] {
    const builders = new Map<string, SeriesBuilder | undefined>();
    for (let i = 0; i < this.#steps; i++) {
      if (!all.some(({ presence }) => presence[i])) continue;
      const newest = this.#newestAt(i);
      if (!base.presence[i]) continue;
      const matches = this.#names.flatMap((name) => newest.get(identity(name, base.labels)) ?? []);
      const key = matches.map((match) => this.#infos.indexOf(match)).join();
      if (!builders.has(key)) {
        const labels = this.#labels(base.labels, matches);
        builders.set(key, labels && newSeries(labels, base.dropName, this.#steps));
      }
      const builder = builders.get(key);
      if (builder) setSample(builder, i, base);
    }
    return [...builders.values()].flatMap((builder) => (builder && builder.count > 0 ? [builder] : []));
  }

  #newestAt(step: number): ReadonlyMap<string, Series> {
    const known = this.#newest.get(step);
    if (known) return known;
    const newest = new Map<string, Series>();
    for (const one of this.#infos) {
      if (!one.presence[step]) continue;
      const key = identity(one.labels.name, one.labels);
      const other = newest.get(key);
      const [time, otherTime] = [one.values[step]! * 1000, other ? other.values[step]! * 1000 : -1];
      if (other && time === otherTime) {
        throw queryError(
          `found duplicate series for info metric: existing ${other.labels} @ ${otherTime}, new ${one.labels} @ ${time}`,
        );
      }
      if (!other || time > otherTime) newest.set(key, one);
    }
    this.#newest.set(step, newest);
    return newest;
  }

  /** Undefined when nothing matches and the matchers want something. */
  #labels(base: Labels, matches: readonly Series[]): Labels | undefined {
    const { data } = this.#wanted;
    if (matches.length === 0 && data.some((matcher) => !matcher.matches(''))) return undefined;
    const names = new Set(data.map(({ name }) => name));
    const added = new Map<string, string>();
    for (const { labels } of matches) {
      for (const [name, value] of labels.pairs) {
        if (name === metricName || (names.size > 0 && !names.has(name))) continue;
        if (added.has(name) && added.get(name) !== value) throw queryError(`conflicting label: ${name}`);
        if (!base.has(name)) added.set(name, value);
      }
    }
    return added.size === 0 ? base : base.with(Object.fromEntries(added));
  }
}

function identity(name: string, labels: Labels): string {
  return [name, ...identifyingLabels.map((label) => labels.get(label))].join('\u0001');
}
