// k6's thresholds on any indicator: `p(95) < 300`. Syntax and aggregates are those of k6 (its documentation of thresholds and metrics);
// where k6 takes the values that a script measured, this takes those of an expression at each step of the evaluated time. k6 passes a
// threshold that saw no value (grafana/k6#4283); here it is inconclusive.

type K6Aggregate =
  | 'avg'
  | 'count'
  | 'max'
  | 'med'
  | 'min'
  | 'rate'
  | 'value'
  | { readonly percentile: number };

type K6Operator = '>' | '>=' | '<' | '<=' | '==' | '===' | '!=';

export interface K6Threshold {
  readonly text: string;
  readonly aggregate: K6Aggregate;
  readonly operator: K6Operator;
  readonly bound: number;
}

export type K6ThresholdRead =
  | { readonly ok: true; readonly threshold: K6Threshold }
  | { readonly ok: false; readonly message: string; readonly offset: number };

export const k6ThresholdExpected = 'an aggregate, an operator and a number, such as p(95) < 300';

const aggregateAt = /\s*(?:(avg|count|max|med|min|rate|value)\b|p\(\s*(\d+(?:\.\d+)?)\s*\))/y;
const operatorAt = /\s*(===|==|!=|>=|<=|>|<)/y;
const boundAt = /\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*$/y;

export function readK6Threshold(text: string): K6ThresholdRead {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match ?? undefined;
  };
  const wrong = (message: string): K6ThresholdRead => ({ ok: false, message, offset: at });
  const aggregate = take(aggregateAt);
  if (!aggregate) return wrong('no aggregate: avg, count, max, med, min, rate, value or p(N)');
  const percentile = aggregate[2] === undefined ? undefined : Number(aggregate[2]);
  if (percentile !== undefined && percentile > 100) return wrong(`p(${percentile}) is above 100`);
  const operator = take(operatorAt);
  if (!operator) return wrong('no operator <, <=, >, >=, ==, === or !=');
  const bound = take(boundAt);
  if (!bound) return wrong('no number at its end');
  return {
    ok: true,
    threshold: {
      text,
      aggregate: percentile === undefined ? (aggregate[1] as K6Aggregate) : { percentile },
      operator: operator[1] as K6Operator,
      bound: Number(bound[1]),
    },
  };
}

export type K6Result =
  | { readonly met: boolean; readonly value: number; readonly count: number }
  | { readonly missing: string };

/** `values` in the order of time. */
export function evaluateK6Threshold(
  { aggregate, operator, bound }: K6Threshold,
  values: readonly number[],
): K6Result {
  if (values.length === 0) return { missing: 'no value in this time' };
  if (values.some(Number.isNaN)) return { missing: 'a value is not a number' };
  const value = aggregateOf(aggregate, values);
  return { met: isMet(value, operator, bound), value, count: values.length };
}

/** `rate` is the share of values that are not 0, `value` the last one, `count` how many there are. */
function aggregateOf(aggregate: K6Aggregate, values: readonly number[]): number {
  if (typeof aggregate === 'object') return percentileOf(values, aggregate.percentile / 100);
  switch (aggregate) {
    case 'avg':
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    case 'count':
      return values.length;
    case 'max':
      return values.reduce((a, b) => Math.max(a, b));
    case 'med':
      return percentileOf(values, 0.5);
    case 'min':
      return values.reduce((a, b) => Math.min(a, b));
    case 'rate':
      return values.filter((value) => value !== 0).length / values.length;
    case 'value':
      return values.at(-1)!;
  }
}

/** Between neighbours in proportion, at share * (n - 1), as k6's trends compute it. */
function percentileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

function isMet(value: number, operator: K6Operator, bound: number): boolean {
  switch (operator) {
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '==':
    case '===':
      return value === bound;
    case '!=':
      return value !== bound;
  }
}
