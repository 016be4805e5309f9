// Arithmetic and comparisons between two vectors. Series are paired once; only where a group has several series on a
// side that must be unique does each step look which of them is there.

import type { Labels } from '../../base/labels.ts';
import { type ArithmeticOperator, type Binary, type ComparisonOperator, isComparison } from '../ast.ts';
import { mergeDuplicates } from '../duplicates.ts';
import { queryError } from '../errors.ts';
import { dropMetadata } from '../metadata-labels.ts';
import type { QueryContext } from '../query-context.ts';
import { quote } from '../syntax/quote.ts';
import { newSeries, type Series, type SeriesBuilder, setValue, type VectorValue, vector } from '../values.ts';
import { matchGroups, matchingLabels } from './matching.ts';
import { arithmetic, comparison } from './operators.ts';
import { combineSamples, isTrim, putSample, resultOf, type Sample, sampleAt } from './samples.ts';
import { StepNotes } from './step-notes.ts';

/** What the operator makes of one pair of samples; undefined when a filter drops it. */
type Compute = (left: number, right: number) => number | undefined;

export function vectorVector(
  context: QueryContext,
  node: Binary,
  left: VectorValue,
  right: VectorValue,
  steps: number,
): VectorValue {
  const operation = new Matching(context, node, steps, left.series, right.series);
  const out = operation.run();
  operation.notes.flush(context.annotations, node.start);
  return vector(mergeDuplicates(out));
}

/** Undefined for operators that floats do not have. */
function computeOf({ operator, bool }: Binary): Compute | undefined {
  if (isTrim(operator)) return undefined;
  if (!isComparison(operator)) return arithmetic[operator as ArithmeticOperator];
  const holds = comparison[operator as ComparisonOperator];
  if (bool) return (left, right) => (holds(left, right) ? 1 : 0);
  return (left, right) => (holds(left, right) ? left : undefined);
}

/**
 * One operation. The "many" side may have several series a group, the "one" side one at each step; between equals, the
 * left is taken for the many and is then held to one as well.
 */
class Matching {
  readonly #context: QueryContext;
  readonly #node: Binary;
  readonly #steps: number;
  readonly #compute: Compute | undefined;
  readonly #swapped: boolean;
  readonly #many: readonly Series[];
  readonly #one: readonly Series[];
  readonly #fillMany: number | undefined;
  readonly #fillOne: number | undefined;
  readonly #out: SeriesBuilder[] = [];
  readonly notes = new StepNotes();

  constructor(
    context: QueryContext,
    node: Binary,
    steps: number,
    left: readonly Series[],
    right: readonly Series[],
  ) {
    const { card, fillLeft, fillRight } = node.matching;
    this.#context = context;
    this.#node = node;
    this.#steps = steps;
    this.#compute = computeOf(node);
    this.#swapped = card === 'one-to-many';
    [this.#many, this.#one] = this.#swapped ? [right, left] : [left, right];
    // As in Prometheus, group_right swaps the vectors and not the fill values: fill_left then stands for the many.
    [this.#fillMany, this.#fillOne] = [fillLeft, fillRight];
  }

  run(): SeriesBuilder[] {
    for (const group of matchGroups(this.#many, this.#one, this.#node.matching)) {
      const { left, right } = group;
      if (left.length <= 1 && right.length <= 1) this.#pair(left[0], right[0]);
      else if (this.#isPlainJoin(left, right)) for (const many of left) this.#pair(many, right[0]);
      else this.#group(left, right);
    }
    return this.#out.filter(({ count }) => count > 0);
  }

  /** Many series that each meet the only one of the other side, and stay apart: no step can be ambiguous either. */
  #isPlainJoin(many: readonly Series[], one: readonly Series[]): boolean {
    const hasFill = this.#fillMany !== undefined || this.#fillOne !== undefined;
    if (this.#node.matching.card === 'one-to-one' || one.length !== 1 || hasFill) return false;
    const keys = many.map(({ labels }) => this.#resultLabels(labels, one[0]!.labels).key);
    return new Set(keys).size === many.length;
  }

  /** At most one series on each side: no step can be ambiguous. */
  #pair(many: Series | undefined, one: Series | undefined): void {
    if (many && one) {
      const out = this.#begin(many, one);
      if (many.histograms || one.histograms || !this.#compute) this.#pairSamples(out, many, one);
      else this.#pairFloats(out, many, one, this.#compute);
    }
    if (this.#fillOne !== undefined && many) this.#fill(many, one, this.#fillOne, true);
    if (this.#fillMany !== undefined && one) this.#fill(one, many, this.#fillMany, false);
  }

  #pairFloats(out: SeriesBuilder, many: Series, one: Series, compute: Compute): void {
    const [left, right] = this.#swapped ? [one, many] : [many, one];
    for (let i = 0; i < this.#steps; i++) {
      if (!left.presence[i] || !right.presence[i]) continue;
      const value = compute(left.values[i]!, right.values[i]!);
      if (value !== undefined) setValue(out, i, value);
    }
  }

  #pairSamples(out: SeriesBuilder, many: Series, one: Series): void {
    for (let i = 0; i < this.#steps; i++) {
      if (many.presence[i] && one.presence[i]) this.#put(out, i, sampleAt(many, i), sampleAt(one, i));
    }
  }

  /** Where `held` has a sample and `partner` none, the partner is taken to be `value`. */
  #fill(held: Series, partner: Series | undefined, value: number, heldIsMany: boolean): void {
    const stand = this.#standIn(held);
    const out = heldIsMany ? this.#begin(held, stand) : this.#begin(stand, held);
    for (let i = 0; i < this.#steps; i++) {
      if (!held.presence[i] || partner?.presence[i]) continue;
      if (heldIsMany) this.#put(out, i, sampleAt(held, i), value);
      else this.#put(out, i, value, sampleAt(held, i));
    }
  }

  #standIn(partner: Series): Series {
    const labels = matchingLabels(partner.labels, this.#node.matching);
    return { ...partner, labels, dropName: false };
  }

  /** Several series: each step picks the ones that are there, and fails where they are too many. */
  #group(many: readonly Series[], one: readonly Series[]): void {
    const builders = new Map<string, SeriesBuilder>();
    const builderOf = (a: Series, b: Series, key: string) => {
      const known = builders.get(key) ?? this.#begin(a, b);
      builders.set(key, known);
      return known;
    };
    for (let i = 0; i < this.#steps; i++) {
      this.#context.interrupt.spend(many.length + one.length);
      const match = this.#onlyPresent(one, i);
      const matched = new Set<string>();
      for (const [index, series] of many.entries()) {
        if (!series.presence[i]) continue;
        if (!match && this.#fillOne === undefined) continue;
        const partner = match ?? this.#standIn(series);
        const key = `${index}|${match ? one.indexOf(match) : 'fill'}`;
        const out = builderOf(series, partner, key);
        this.#forbidSecond(matched, out.labels);
        this.#put(out, i, sampleAt(series, i), match ? sampleAt(match, i) : this.#fillOne!);
      }
      if (this.#fillMany === undefined || matched.size > 0 || !match) continue;
      const out = builderOf(this.#standIn(match), match, `fill|${one.indexOf(match)}`);
      this.#put(out, i, this.#fillMany, sampleAt(match, i));
    }
  }

  /** The series of the "one" side that has a sample at this step. */
  #onlyPresent(one: readonly Series[], step: number): Series | undefined {
    const present = one.filter(({ presence }) => presence[step]);
    if (present.length < 2) return present[0];
    // Nobody notices as long as the other side of the whole vector is empty.
    const isNeeded = this.#fillMany !== undefined || this.#many.some(({ presence }) => presence[step]);
    if (!isNeeded) return undefined;
    const [first, second] = [present[0]!.labels, present[1]!.labels].map(describe).sort();
    const labels = describe(matchingLabels(present[1]!.labels, this.#node.matching));
    const side = this.#swapped ? 'left' : 'right';
    throw queryError(
      `found duplicate series for the match group ${labels} on the ${side} hand-side of the operation: [${first}, ${second}];many-to-many matching not allowed: matching labels must be unique on one side`,
    );
  }

  #forbidSecond(matched: Set<string>, labels: Labels): void {
    const isOneToOne = this.#node.matching.card === 'one-to-one';
    const key = isOneToOne ? '' : labels.key;
    if (matched.has(key)) {
      throw queryError(
        isOneToOne
          ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
          : 'multiple matches for labels: grouping labels must ensure unique matches',
      );
    }
    matched.add(key);
  }

  #begin(many: Series, one: Series): SeriesBuilder {
    this.#context.interrupt.spend(this.#steps);
    const out = newSeries(this.#resultLabels(many.labels, one.labels), this.#dropsName(), this.#steps);
    this.#out.push(out);
    return out;
  }

  /** With delayed name removal, `bool` only marks the name for removal. */
  #dropsName(): boolean {
    return this.#context.delayedNameRemoval && this.#node.bool;
  }

  #resultLabels(many: Labels, one: Labels): Labels {
    const { operator, bool, matching } = this.#node;
    const changesMeaning =
      !(isComparison(operator) || isTrim(operator)) || (bool && !this.#context.delayedNameRemoval);
    let labels = changesMeaning ? dropMetadata(many) : many;
    if (matching.card === 'one-to-one') {
      labels = matching.on ? labels.keep(matching.labels) : labels.without(...matching.labels);
    }
    if (matching.include.length === 0) return labels;
    return labels.with(Object.fromEntries(matching.include.map((name) => [name, one.get(name)])));
  }

  #put(out: SeriesBuilder, step: number, many: Sample, one: Sample): void {
    const [left, right] = this.#swapped ? [one, many] : [many, one];
    if (this.#compute && typeof left === 'number' && typeof right === 'number') {
      const value = this.#compute(left, right);
      if (value !== undefined) setValue(out, step, value);
      return;
    }
    const { operator, bool } = this.#node;
    const outcome = combineSamples(operator, left, right);
    if (outcome.note) this.notes.set(step, outcome.note);
    const sample = resultOf(outcome, operator, bool);
    if (sample !== undefined) putSample(out, step, sample);
  }
}

/** A label set as Prometheus names it in this message: the metric's name is a label like the others. */
function describe(labels: Labels): string {
  return `{${labels.pairs.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`;
}
