// Whoever answers expressions: our engine over a store, or a remote Prometheus. What asks does not care which.

import { UserError } from '../base/diagnostics.ts';
import { Labels } from '../base/labels.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';
import type { RemoteApi } from '../telemetry/remote/api.ts';
import type { Expr } from './ast.ts';
import { instantQuery, type QueryOptions, rangeQuery } from './engine.ts';
import { formatPromqlError } from './errors.ts';
import { parseExpr } from './parser.ts';

/** Both methods reject with a UserError that says what is wrong with the expression or the source. */
export interface Querier {
  /** One sample a series; a scalar is one without labels. Native histograms are left out: they are no numbers. */
  instant(expression: string, atMs: number): Promise<readonly QueriedSample[]>;
  /** At start, start + step, … up to and including end. */
  range(
    expression: string,
    startMs: number,
    endMs: number,
    stepMs: number,
  ): Promise<readonly QueriedSeries[]>;
}

export interface QueriedSample {
  readonly labels: Labels;
  readonly value: number;
}

/** Only the points that exist; times are Unix milliseconds. */
export interface QueriedSeries {
  readonly labels: Labels;
  readonly times: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

export function storeQuerier(store: Queryable, options: QueryOptions = {}): Querier {
  const parsed = (text: string): Expr => {
    const result = parseExpr(text, options.features ? { features: options.features } : {});
    if (!result.ok) throw UserError.of(result.error.code, formatPromqlError(text, result.error));
    return result.expr;
  };
  return {
    instant: async (expression, atMs) => {
      const result = instantQuery(store, parsed(expression), atMs, options);
      if (result.type === 'scalar') return [{ labels: Labels.empty, value: result.value }];
      if (result.type !== 'vector') throw noNumbers(expression, result.type);
      return result.samples.filter(({ histogram }) => !histogram);
    },
    range: async (expression, startMs, endMs, stepMs) => {
      const { series } = rangeQuery(store, parsed(expression), startMs, endMs, stepMs, options);
      return series.filter(({ histograms }) => !histograms);
    },
  };
}

export function remoteQuerier(api: RemoteApi): Querier {
  return {
    instant: async (expression, atMs) => {
      const { type, series } = await api.query(expression, atMs);
      if (type === 'matrix') throw noNumbers(expression, type);
      return series.flatMap(({ labels, samples }) =>
        samples.filter(({ histogram }) => !histogram).map(({ value }) => ({ labels, value })),
      );
    },
    range: async (expression, startMs, endMs, stepMs) => {
      const { series } = await api.queryRange(expression, startMs, endMs, stepMs);
      return series.map(({ labels, samples }) => {
        const numbers = samples.filter(({ histogram }) => !histogram);
        return {
          labels,
          times: numbers.map(({ atMs }) => atMs),
          values: numbers.map(({ value }) => value),
        };
      });
    },
  };
}

function noNumbers(expression: string, type: string): UserError {
  return UserError.of('FD202', `${expression} gives a ${type}, not numbers`);
}
