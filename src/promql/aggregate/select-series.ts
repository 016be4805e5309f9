// Aggregations that pick series of each group and leave them as they are: topk, bottomk, limitk, limit_ratio. At each
// step another choice may be made, so a result is the series with some of its steps masked.

import { compareLabels } from '../../base/labels.ts';
import type { Annotations } from '../annotations.ts';
import { queryError } from '../errors.ts';
import { formatGeneral } from '../format.ts';
import type { Interrupt } from '../interrupt.ts';
import { countPresent, type Series, type VectorValue, vector } from '../values.ts';
import type { Group } from './grouping.ts';
import { labelFraction } from './label-fraction.ts';

/** Indices of the chosen members at a step, best first. */
type Choice = (members: readonly Series[], step: number, parameter: number) => number[];

export interface SelectionInput {
  readonly groups: readonly Group[];
  /** One parameter a step. */
  readonly parameters: Float64Array;
  readonly steps: number;
  readonly interrupt: Interrupt;
}

const int64Max = 2 ** 63;

function selectByCount(input: SelectionInput, choose: Choice): VectorValue {
  const { parameters } = input;
  if (parameters.some(Number.isNaN)) throw queryError('Parameter value is NaN');
  if (parameters.every((k) => k < 1)) return vector([]);
  for (const k of parameters) {
    if (k <= -int64Max) throw queryError(`Scalar value ${formatGeneral(k)} underflows int64`);
    if (k >= int64Max) throw queryError(`Scalar value ${formatGeneral(k)} overflows int64`);
  }
  return select(input, (members, step, parameter) => {
    const k = Math.trunc(parameter);
    return k < 1 ? [] : choose(members, step, k);
  });
}

function select({ groups, parameters, steps, interrupt }: SelectionInput, choose: Choice): VectorValue {
  const out: Series[] = [];
  for (const group of groups) {
    // Of equals the first are chosen: the order of labels makes that the same whatever order the source has.
    const members = group.members.toSorted((a, b) => compareLabels(a.labels, b.labels));
    const masks = members.map(() => new Uint8Array(steps));
    let order: number[] = members.map((_, index) => index);
    for (let i = 0; i < steps; i++) {
      interrupt.spend(members.length);
      const chosen = choose(members, i, parameters[i]!);
      for (const index of chosen) masks[index]![i] = 1;
      // An instant query returns the chosen in their order.
      if (steps === 1) order = chosen;
    }
    for (const index of order) {
      const presence = masks[index]!;
      if (countPresent(presence) > 0) out.push({ ...members[index]!, presence });
    }
  }
  return vector(out);
}

export function topk(input: SelectionInput): VectorValue {
  return selectByCount(input, extremes(1, input.steps === 1));
}

export function bottomk(input: SelectionInput): VectorValue {
  return selectByCount(input, extremes(-1, input.steps === 1));
}

/**
 * Chooses the k greatest, or with -1 the least, if wanted the best of them first. A later member replaces the worst of
 * the chosen only when it is strictly better, so that of equals the first come first. NaN is worse than any number.
 */
function extremes(sign: 1 | -1, ordered: boolean): Choice {
  const chosen = new WorstFirst();
  return (members, step, k) => {
    chosen.clear();
    for (let index = 0; index < members.length; index++) {
      const { presence, values } = members[index]!;
      if (presence[step] === 0) continue;
      const value = sign * values[step]!;
      if (chosen.indexes.length < k) chosen.push(index, value);
      else if (value > chosen.worst || (Number.isNaN(chosen.worst) && !Number.isNaN(value)))
        chosen.replaceWorst(index, value);
    }
    return ordered ? chosen.bestFirst() : chosen.indexes;
  };
}

/** A binary heap of members and their values, the worst on top. */
class WorstFirst {
  readonly indexes: number[] = [];
  readonly #values: number[] = [];

  get worst(): number {
    return this.#values[0]!;
  }

  clear(): void {
    this.indexes.length = 0;
    this.#values.length = 0;
  }

  push(index: number, value: number): void {
    let place = this.indexes.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isWorse(value, this.#values[parent]!)) break;
      this.#put(place, this.indexes[parent]!, this.#values[parent]!);
      place = parent;
    }
    this.#put(place, index, value);
  }

  replaceWorst(index: number, value: number): void {
    const values = this.#values;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= values.length) break;
      if (child + 1 < values.length && isWorse(values[child + 1]!, values[child]!)) child++;
      if (!isWorse(values[child]!, value)) break;
      this.#put(place, this.indexes[child]!, values[child]!);
      place = child;
    }
    this.#put(place, index, value);
  }

  bestFirst(): number[] {
    const order = this.indexes.map((index, place) => ({ index, value: this.#values[place]! }));
    return order.sort((a, b) => compareBest(a.value, b.value) || a.index - b.index).map(({ index }) => index);
  }

  #put(place: number, index: number, value: number): void {
    this.indexes[place] = index;
    this.#values[place] = value;
  }
}

function isWorse(a: number, b: number): boolean {
  return a < b || Number.isNaN(a);
}

function compareBest(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a > b ? -1 : a < b ? 1 : 0;
}

/** Any k members: the first that have a value. */
export function limitk(input: SelectionInput): VectorValue {
  return selectByCount(input, (members, step, k) => {
    const chosen: number[] = [];
    for (let index = 0; index < members.length && chosen.length < k; index++) {
      if (members[index]!.presence[step]) chosen.push(index);
    }
    return chosen;
  });
}

/** A share of the members, the same ones every time: chosen by a hash of their labels. A negative share is the rest. */
export function limitRatio(input: SelectionInput, annotations: Annotations, place: number): VectorValue {
  const { parameters } = input;
  if (parameters.some(Number.isNaN)) throw queryError('Ratio value is NaN');
  const warn = (ratio: number, cap: number) =>
    annotations.warn(
      `ratio value should be between -1 and 1, got ${formatGeneral(ratio)}, capping to ${cap}`,
      place,
    );
  const highest = parameters.reduce((a, b) => Math.max(a, b));
  const lowest = parameters.reduce((a, b) => Math.min(a, b));
  if (highest > 1) warn(highest, 1);
  if (lowest < -1) warn(lowest, -1);
  return select(input, (members, step, parameter) => {
    const ratio = Math.max(-1, Math.min(1, parameter));
    const isChosen = ({ labels, presence }: Series) => {
      if (!presence[step]) return false;
      const fraction = labelFraction(labels);
      return ratio >= 0 ? fraction < ratio : fraction >= 1 + ratio;
    };
    return members.flatMap((member, index) => (isChosen(member) ? [index] : []));
  });
}
