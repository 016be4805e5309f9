// The aggregation operators.

import type { Aggregate } from '../ast.ts';
import { unwrapParens } from '../ast.ts';
import { formatGeneral } from '../format.ts';
import { quantileProblem } from '../quantile.ts';
import type { QueryContext } from '../query-context.ts';
import {
  finished,
  floatsOnly,
  type Series,
  type SeriesBuilder,
  type Value,
  type VectorValue,
} from '../values.ts';
import { type Aggregation, avg, count, group, max, min, sum } from './accumulate.ts';
import { countValues } from './count-values.ts';
import { type Group, groupSeries } from './grouping.ts';
import { aggregateHistograms } from './histograms.ts';
import { quantile } from './quantile.ts';
import { bottomk, limitk, limitRatio, type SelectionInput, topk } from './select-series.ts';
import { stddev, stdvar } from './variance.ts';

export interface AggregateInput {
  readonly node: Aggregate;
  readonly argument: VectorValue;
  readonly parameter: Value | undefined;
  readonly context: QueryContext;
  readonly steps: number;
}

export function aggregate(input: AggregateInput): VectorValue {
  const { node, argument, steps } = input;
  if (node.operator === 'count_values') {
    const label = input.parameter?.kind === 'string' ? input.parameter.value : '';
    return countValues(argument.series, node, label, steps);
  }
  const groups = groupSeries(samplesFor(input), node);
  switch (node.operator) {
    case 'topk':
      return topk(selection(input, groups));
    case 'bottomk':
      return bottomk(selection(input, groups));
    case 'limitk':
      return limitk(selection(input, groups));
    case 'limit_ratio':
      return limitRatio(selection(input, groups), input.context.annotations, parameterStart(node));
    default: {
      const aggregation = aggregationOf(input);
      return finished(groups.map((one) => aggregateGroup(input, one, aggregation, steps)));
    }
  }
}

function aggregateGroup(
  { node, context }: AggregateInput,
  group: Group,
  aggregation: Aggregation,
  steps: number,
): SeriesBuilder {
  const { operator } = node;
  const adds = operator === 'sum' || operator === 'avg';
  if (!adds || !group.members.some(({ histograms }) => histograms)) return aggregation(group, steps);
  return aggregateHistograms(group, steps, operator, context.annotations, unwrapParens(node.expr).start);
}

/** Operators that make nothing of histograms; each says so where it meets one. */
const floatOperators: ReadonlySet<string> = new Set([
  'min',
  'max',
  'stddev',
  'stdvar',
  'quantile',
  'topk',
  'bottomk',
]);

function samplesFor({ node, argument, parameter, context }: AggregateInput): readonly Series[] {
  const { operator } = node;
  if (!floatOperators.has(operator)) return argument.series;
  const choosesNone = parameter?.kind === 'scalar' && parameter.values.every((k) => k < 1);
  const chooses = operator === 'topk' || operator === 'bottomk';
  return floatsOnly(argument.series, () => {
    if (chooses && choosesNone) return;
    const start = chooses ? node.start : unwrapParens(node.expr).start;
    context.annotations.info(`ignored histogram in ${operator} aggregation`, start);
  });
}

function aggregationOf(input: AggregateInput): Aggregation {
  switch (input.node.operator) {
    case 'sum':
      return sum;
    case 'avg':
      return avg;
    case 'min':
      return min;
    case 'max':
      return max;
    case 'count':
      return count;
    case 'group':
      return group;
    case 'stddev':
      return stddev;
    case 'stdvar':
      return stdvar;
    case 'quantile':
      return quantile(checkedQuantiles(input));
    default:
      throw new Error(`${input.node.operator} does not reduce a group`);
  }
}

function scalarParameters({ parameter }: AggregateInput): Float64Array {
  if (parameter?.kind !== 'scalar') throw new Error('an aggregation parameter is a scalar');
  return parameter.values;
}

function checkedQuantiles(input: AggregateInput): Float64Array {
  const quantiles = scalarParameters(input);
  for (const q of new Set(quantiles)) {
    const problem = quantileProblem(q, formatGeneral(q));
    if (problem !== undefined) input.context.annotations.warn(problem, parameterStart(input.node));
  }
  return quantiles;
}

function parameterStart(node: Aggregate): number {
  return unwrapParens(node.parameter!).start;
}

function selection(input: AggregateInput, groups: readonly Group[]): SelectionInput {
  const { argument, steps } = input;
  return { groups, parameters: scalarParameters(input), steps, seriesCount: argument.series.length };
}
