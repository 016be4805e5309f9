// Between scalars and vectors, and of two scalars.

import { Labels } from '../../base/labels.ts';
import { maxOf, minOf } from '../binary/operators.ts';
import { floatsOnly, scalar as scalarValue, vector as vectorValue } from '../values.ts';
import { type FunctionImplementation, scalarArgument, vectorArgument } from './function.ts';

/** The value where exactly one series has one, NaN elsewhere. */
export const scalar: FunctionImplementation = (input) => {
  const { steps } = input.grid;
  const values = new Float64Array(steps).fill(Number.NaN);
  const counts = new Uint32Array(steps);
  for (const series of floatsOnly(vectorArgument(input).series)) {
    for (let i = 0; i < steps; i++) {
      if (!series.presence[i]) continue;
      counts[i]!++;
      values[i] = counts[i] === 1 ? series.values[i]! : Number.NaN;
    }
  }
  return scalarValue(values);
};

export const vector: FunctionImplementation = (input) => {
  const values = scalarArgument(input, 0);
  const presence = new Uint8Array(values.length).fill(1);
  return vectorValue([{ labels: Labels.empty, dropName: false, values, presence }]);
};

export const pi: FunctionImplementation = ({ grid }) =>
  scalarValue(new Float64Array(grid.steps).fill(Math.PI));

function ofTwo(compute: (a: number, b: number) => number): FunctionImplementation {
  return (input) => {
    const right = scalarArgument(input, 1);
    return scalarValue(scalarArgument(input, 0).map((left, i) => compute(left, right[i]!)));
  };
}

export const minOfTwo = ofTwo(minOf);
export const maxOfTwo = ofTwo(maxOf);
