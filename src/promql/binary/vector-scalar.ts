// A vector and a scalar: the operator on every sample. A comparison without `bool` keeps the samples for which it holds.

import { type Binary, isComparison } from '../ast.ts';
import { withDroppedNames } from '../duplicates.ts';
import type { QueryContext } from '../query-context.ts';
import { newSeries, type Series, setValue, type VectorValue, vector } from '../values.ts';
import { comparison, scalarOperator } from './operators.ts';

/** `scalarFirst`: the scalar stands on the left; a kept sample is the vector's all the same. */
export function vectorScalar(
  context: QueryContext,
  node: Binary,
  argument: VectorValue,
  scalars: Float64Array,
  scalarFirst: boolean,
): VectorValue {
  const { operator } = node;
  if (isComparison(operator) && !node.bool) {
    const holds = comparison[operator];
    const test = (value: number, scalar: number) =>
      scalarFirst ? holds(scalar, value) : holds(value, scalar);
    return filter(argument, scalars, test);
  }
  const compute = scalarOperator(operator)!;
  const mapped = argument.series.map((series): Series => {
    const values = new Float64Array(scalars.length);
    for (let i = 0; i < values.length; i++) {
      if (!series.presence[i]) continue;
      const value = series.values[i]!;
      values[i] = scalarFirst ? compute(scalars[i]!, value) : compute(value, scalars[i]!);
    }
    return { ...series, values };
  });
  return vector(withDroppedNames(context, mapped));
}

function filter(
  { series }: VectorValue,
  scalars: Float64Array,
  test: (value: number, scalar: number) => boolean,
): VectorValue {
  const kept = series.map((one) => {
    const out = newSeries(one.labels, one.dropName, scalars.length);
    for (let i = 0; i < scalars.length; i++) {
      if (one.presence[i] && test(one.values[i]!, scalars[i]!)) setValue(out, i, one.values[i]!);
    }
    return out;
  });
  return vector(kept.filter(({ count }) => count > 0));
}
