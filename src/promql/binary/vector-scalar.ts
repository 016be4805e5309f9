// A vector and a scalar: the operator on every sample. A comparison without `bool` keeps the samples for which it holds.

import { type Binary, isComparison } from '../ast.ts';
import { withDroppedNames } from '../duplicates.ts';
import type { QueryContext } from '../query-context.ts';
import { newSeries, type Series, setValue, type VectorValue, vector } from '../values.ts';
import { comparison, scalarOperator } from './operators.ts';
import { combineSamples, isTrim, putSample, resultOf, sampleAt } from './samples.ts';
import { StepNotes } from './step-notes.ts';

/** `scalarFirst`: the scalar stands on the left; a kept sample is the vector's all the same. */
export function vectorScalar(
  context: QueryContext,
  node: Binary,
  argument: VectorValue,
  scalars: Float64Array,
  scalarFirst: boolean,
): VectorValue {
  const { operator } = node;
  context.interrupt.spend(argument.series.length * scalars.length);
  if (isTrim(operator) || argument.series.some(({ histograms }) => histograms)) {
    return samplesAndScalar(context, node, argument, scalars, scalarFirst);
  }
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

/** Sample by sample, for what the fast way cannot do: histograms, and operators for them. */
function samplesAndScalar(
  context: QueryContext,
  node: Binary,
  { series }: VectorValue,
  scalars: Float64Array,
  scalarFirst: boolean,
): VectorValue {
  const { operator, bool } = node;
  const notes = new StepNotes();
  const compute = isTrim(operator) ? undefined : scalarOperator(operator)!;
  const ofFloats = (value: number, scalar: number) => {
    const computed = scalarFirst ? compute!(scalar, value) : compute!(value, scalar);
    if (!isComparison(operator) || bool) return computed;
    return computed === 1 ? value : undefined;
  };
  const mapped = series.map((one) => {
    const out = newSeries(one.labels, one.dropName, scalars.length);
    for (let i = 0; i < scalars.length; i++) {
      if (!one.presence[i]) continue;
      const [sample, scalar] = [sampleAt(one, i), scalars[i]!];
      let put: ReturnType<typeof resultOf>;
      if (typeof sample === 'number' && compute) put = ofFloats(sample, scalar);
      else {
        const [left, right] = scalarFirst ? [scalar, sample] : [sample, scalar];
        const outcome = combineSamples(operator, left, right);
        if (outcome.note) notes.set(i, outcome.note);
        put = resultOf(outcome, operator, bool);
      }
      if (put !== undefined) putSample(out, i, put);
    }
    return out;
  });
  notes.flush(context.annotations, node.start);
  const held = mapped.filter(({ count }) => count > 0);
  const keepsName = isTrim(operator) || (isComparison(operator) && !bool);
  return vector(keepsName ? held : withDroppedNames(context, held));
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
