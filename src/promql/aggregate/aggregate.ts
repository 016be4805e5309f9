// The aggregation operators.

import type { Labels } from '../../base/labels.ts';
import type { Aggregate } from '../ast.ts';
import { unwrapParens } from '../ast.ts';
import { formatGeneral } from '../format.ts';
import { quantileProblem } from '../quantile.ts';
import type { QueryContext } from '../query-context.ts';
import {
  countPresent,
  finished,
  floatsOnly,
  type Series,
  type SeriesBuilder,
  type Value,
  type VectorValue,
} from '../values.ts';
import { avg, count, type Fold, group, max, min, Sums } from './accumulate.ts';
import { countValues } from './count-values.ts';
import { Groups, groupSeries } from './grouping.ts';
import { aggregateHistograms } from './histograms.ts';
import { quantile } from './quantile.ts';
import { bottomk, limitk, limitRatio, type SelectionInput, topk } from './select-series.ts';
import { stddev, stdvar } from './variance.ts';

export interface AggregateInput {
  readonly node: Aggregate;
  /** One series after the other; see `isFold` for how long each is needed, and `SumOf` for those that do not come. */
  readonly argument: (sumOf?: SumOf) => Iterable<Series>;
  readonly parameter: Value | undefined;
  readonly context: QueryContext;
  readonly steps: number;
}

/** The sums to which the values of a series with these labels may be added in its place. */
export type SumOf = (labels: Labels, dropName: boolean) => Sums;

/** Whether the operator needs each series only until it asks for the next: those with histograms it keeps. */
export function isFold({ operator }: Aggregate): boolean {
  return folds.has(operator);
}

const folds: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
]);

export function aggregate(input: AggregateInput): VectorValue {
  const { node, context, steps } = input;
  switch (node.operator) {
    case 'count_values': {
      const label = input.parameter?.kind === 'string' ? input.parameter.value : '';
      return countValues(samplesFor(input), node, label, steps);
    }
    case 'topk':
      return topk(selection(input));
    case 'bottomk':
      return bottomk(selection(input));
    case 'limitk':
      return limitk(selection(input));
    case 'limit_ratio':
      return limitRatio(selection(input), context.annotations, parameterStart(node));
    default:
      return reduce(input);
  }
}

/** A group while its series come in. */
interface Reduction {
  readonly labels: Labels;
  readonly floats: Fold;
  readonly withHistograms: Series[];
  dropName: boolean;
}

/** One series a group. */
function reduce(input: AggregateInput): VectorValue {
  const { node, steps } = input;
  const newFold = foldOf(input);
  const addsHistograms = node.operator === 'sum' || node.operator === 'avg';
  const groups = new Groups<Reduction>(node, (labels) => {
    return { labels, floats: newFold(steps), withHistograms: [], dropName: false };
  });
  const groupOf = (labels: Labels, dropName: boolean) => {
    const group = groups.of(labels);
    group.dropName ||= dropName;
    return group;
  };
  const sumOf: SumOf = (labels, dropName) => groupOf(labels, dropName).floats as Sums;
  for (const one of samplesFor(input, node.operator === 'sum' ? sumOf : undefined)) {
    const group = groupOf(one.labels, one.dropName);
    if (!addsHistograms || !one.histograms) {
      group.floats.add(one);
      continue;
    }
    group.withHistograms.push(one);
    for (const floats of floatsOnly([one])) group.floats.add(floats);
  }
  return finished(groups.list().map((group) => reduced(input, group)));
}

function reduced({ node, context }: AggregateInput, group: Reduction): SeriesBuilder {
  const { labels, dropName, floats, withHistograms } = group;
  const { values, presence } = floats.finish();
  const out = { labels, dropName, values, presence, histograms: undefined, count: countPresent(presence) };
  if (withHistograms.length > 0) {
    const operator = node.operator === 'sum' ? 'sum' : 'avg';
    aggregateHistograms(out, withHistograms, operator, context, unwrapParens(node.expr).start);
  }
  return out;
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

function* samplesFor(
  { node, argument, parameter, context, steps }: AggregateInput,
  sumOf?: SumOf,
): Iterable<Series> {
  const { operator } = node;
  if (!floatOperators.has(operator)) {
    for (const one of argument(sumOf)) {
      context.interrupt.spend(steps);
      yield one;
    }
    return;
  }
  const choosesNone = parameter?.kind === 'scalar' && parameter.values.every((k) => k < 1);
  const chooses = operator === 'topk' || operator === 'bottomk';
  const onIgnored = () => {
    if (chooses && choosesNone) return;
    const start = chooses ? node.start : unwrapParens(node.expr).start;
    context.annotations.info(`ignored histogram in ${operator} aggregation`, start);
  };
  for (const one of argument()) {
    context.interrupt.spend(steps);
    yield* floatsOnly([one], onIgnored);
  }
}

function foldOf(input: AggregateInput): (steps: number) => Fold {
  switch (input.node.operator) {
    case 'sum':
      return (steps) => new Sums(steps);
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
      return quantile(checkedQuantiles(input), input.context.interrupt);
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

function selection(input: AggregateInput): SelectionInput {
  const groups = groupSeries(samplesFor(input), input.node);
  const { steps, context } = input;
  return { groups, parameters: scalarParameters(input), steps, interrupt: context.interrupt };
}
