// absent and absent_over_time: 1 at every step at which no series has anything, labelled by what the selector names.

import { Labels, metricName } from '../../base/labels.ts';
import { type Expr, unwrapParens } from '../ast.ts';
import { finished, newSeries, setValue } from '../values.ts';
import {
  type FunctionImplementation,
  type FunctionInput,
  matrixArgument,
  vectorArgument,
} from './function.ts';

export const absent: FunctionImplementation = (input) => {
  const found = new Uint8Array(input.grid.steps);
  for (const { presence } of vectorArgument(input).series) {
    for (let i = 0; i < found.length; i++) found[i]! |= presence[i]!;
  }
  return whereNot(found, input);
};

export const absentOverTime: FunctionImplementation = (input) => {
  const found = new Uint8Array(input.grid.steps);
  for (const { windows, first, last } of matrixArgument(input).series) {
    for (let i = 0; i < found.length; i++) {
      if (Math.min(windows.hi[i]!, last) > Math.max(windows.lo[i]!, first)) found[i] = 1;
    }
  }
  return whereNot(found, input);
};

function whereNot(found: Uint8Array, { call, grid }: FunctionInput) {
  const series = newSeries(labelsOf(unwrapParens(call.args[0]!)), false, grid.steps);
  for (let i = 0; i < found.length; i++) if (!found[i]) setValue(series, i, 1);
  return finished([series]);
}

/** Labels that the selector requires with `=`; one that several matchers speak of is left out. */
function labelsOf(expr: Expr): Labels {
  const selector = expr.kind === 'matrixSelector' ? expr.selector : expr;
  if (selector.kind !== 'vectorSelector') return Labels.empty;
  const values = new Map<string, string>();
  const seen = new Set<string>();
  for (const { name, operator, value } of selector.matchers) {
    if (name === metricName) continue;
    if (operator === '=' && !seen.has(name)) {
      values.set(name, value);
      seen.add(name);
    } else {
      values.delete(name);
    }
  }
  return Labels.from(values);
}
