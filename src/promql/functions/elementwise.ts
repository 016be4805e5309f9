// Functions of one number: applied to every sample, without looking at its series.

import { maxOf, minOf } from '../binary/operators.ts';
import { withDroppedNames } from '../duplicates.ts';
import { floatsOnly, type Series, vector } from '../values.ts';
import { type FunctionImplementation, scalarArgument, vectorArgument } from './function.ts';

/** A function of a sample's value and its step. */
function elementwise(
  prepare: (...scalars: Float64Array[]) => (value: number, step: number) => number,
): FunctionImplementation {
  return (input) => {
    const scalars = input.args.slice(1).map((_, i) => scalarArgument(input, i + 1));
    const compute = prepare(...scalars);
    const mapped = floatsOnly(vectorArgument(input).series).map((series): Series => {
      input.context.interrupt.spend(series.values.length);
      const values = new Float64Array(series.values.length);
      for (let i = 0; i < values.length; i++) {
        if (series.presence[i]) values[i] = compute(series.values[i]!, i);
      }
      return { ...series, values };
    });
    return vector(withDroppedNames(input.context, mapped));
  };
}

export function ofValue(compute: (value: number) => number): FunctionImplementation {
  return elementwise(() => compute);
}

export const sgn = ofValue((value) => (value < 0 ? -1 : value > 0 ? 1 : value));

export const deg = ofValue((value) => (value * 180) / Math.PI);
export const rad = ofValue((value) => (value * Math.PI) / 180);

/** To the nearest multiple, ties upward. The inverse is taken first because that loses less precision. */
export const round = elementwise((multiples) => (value, step) => {
  const inverse = multiples ? 1 / multiples[step]! : 1;
  return Math.floor(value * inverse + 0.5) / inverse;
});

export const clampMax = elementwise((max) => (value, step) => minOf(max![step]!, value));
export const clampMin = elementwise((min) => (value, step) => maxOf(min![step]!, value));

const clampValues = elementwise((min, max) => (value, step) => maxOf(min![step]!, minOf(max![step]!, value)));

/** Yields nothing where the bounds are the wrong way round. */
export const clamp: FunctionImplementation = (input) => {
  const min = scalarArgument(input, 1);
  const max = scalarArgument(input, 2);
  const isWrong = Uint8Array.from(min, (low, i) => (max[i]! < low ? 1 : 0));
  if (!isWrong.includes(1)) return clampValues(input);
  const series = floatsOnly(vectorArgument(input).series).map((one) => ({
    ...one,
    presence: one.presence.map((held, i) => (isWrong[i] ? 0 : held)),
  }));
  const kept = series.filter(({ presence }) => presence.includes(1));
  return clampValues({ ...input, args: [vector(kept), ...input.args.slice(1)] });
};
