// timestamp() and start_timestamp(): the time of each sample. Of a selector that is the time at which the sample was taken; the samples of any
// other vector are of the evaluation time.

import { unwrapParens } from '../ast.ts';
import { withDroppedNames } from '../duplicates.ts';
import { stepTime, vector } from '../values.ts';
import { type FunctionImplementation, vectorArgument } from './function.ts';

export const timestamp: FunctionImplementation = (input) => {
  const { context, grid } = input;
  const { series } = vectorArgument(input);
  // The evaluator asks a selector for times in place of values.
  if (unwrapParens(input.call.args[0]!).kind === 'vectorSelector') {
    return vector(withDroppedNames(context, series));
  }
  const times = Float64Array.from({ length: grid.steps }, (_, i) => stepTime(grid, i) / 1000);
  return vector(
    withDroppedNames(
      context,
      series.map((one) => ({ ...one, values: times, histograms: undefined })),
    ),
  );
};

/** Since when the samples of a selector have counted, 0 where that is unknown; other vectors have no start. */
export const startTimestamp: FunctionImplementation = (input) => {
  const { context } = input;
  const isSelector = unwrapParens(input.call.args[0]!).kind === 'vectorSelector';
  if (!isSelector || !context.useStartTimestamps) return vector([]);
  return vector(withDroppedNames(context, vectorArgument(input).series));
};
