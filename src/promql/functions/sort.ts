// Sorting. The results of range queries are always in the order of their labels, so there it only earns a warning.

import { compareLabels, type Labels } from '../../base/labels.ts';
import { floatsOnly, type Series, vector } from '../values.ts';
import {
  type FunctionImplementation,
  type FunctionInput,
  stringArgument,
  vectorArgument,
} from './function.ts';

/** NaN comes last in both directions. */
function byValue(direction: 1 | -1): FunctionImplementation {
  return sorting(floatsOnly, (a, b) => {
    const [x, y] = [a.value, b.value];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return x === y ? 0 : x < y ? -direction : direction;
  });
}

interface Element {
  readonly labels: Labels;
  readonly value: number;
}

/** `sortable` says which samples are kept. */
function sorting(
  sortable: (series: readonly Series[]) => readonly Series[],
  compare: (a: Element, b: Element, input: FunctionInput) => number,
): FunctionImplementation {
  return (input) => {
    const kept = sortable(vectorArgument(input).series);
    if (input.grid.steps > 1) {
      input.context.annotations.warn(
        'sort is ineffective for range queries since results are always ordered by labels',
        input.call.start,
      );
      return vector(kept);
    }
    const elements = kept.map((series) => ({
      series,
      labels: series.labels,
      value: series.values[0]!,
    }));
    elements.sort((a, b) => compare(a, b, input));
    return vector(elements.map(({ series }) => series));
  };
}

function byLabel(direction: 1 | -1): FunctionImplementation {
  return sorting(
    (series) => series,
    (a, b, input) => {
      for (let i = 1; i < input.args.length; i++) {
        const name = stringArgument(input, i);
        const order = naturalOrder(a.labels.get(name), b.labels.get(name));
        if (order !== 0) return order * direction;
      }
      return compareLabels(a.labels, b.labels) * direction;
    },
  );
}

/** Runs of digits compare as numbers: `4m5` before `4m600`. */
function naturalOrder(a: string, b: string): number {
  const chunksA = a.match(/\d+|\D+/g) ?? [];
  const chunksB = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(chunksA.length, chunksB.length); i++) {
    const [x, y] = [chunksA[i]!, chunksB[i]!];
    if (x === y) continue;
    const bothNumbers = /^\d/.test(x) && /^\d/.test(y);
    const difference = bothNumbers ? Number(x) - Number(y) : 0;
    if (difference !== 0) return difference;
    return x < y ? -1 : 1;
  }
  return chunksA.length - chunksB.length;
}

export const sort = byValue(1);
export const sortDesc = byValue(-1);
export const sortByLabel = byLabel(1);
export const sortByLabelDesc = byLabel(-1);
