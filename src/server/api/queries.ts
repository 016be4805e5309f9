// query and query_range.

import { UserError } from '../../base/diagnostics.ts';
import { typeOf } from '../../promql/ast.ts';
import { instantQuery, type QueryOptions, rangeQuery } from '../../promql/engine.ts';
import type { Features } from '../../promql/features.ts';
import type { Queryable } from '../../telemetry/metrics/series.ts';
import { type Answer, type Notes, successJson } from '../http/answer.ts';
import { ApiError, invalidParameter } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import { instantJson, matrixJson } from './json-result.ts';
import {
  durationParameter,
  expressionParameter,
  limitParameter,
  parseDurationText,
  timeParameter,
  timeParameterOr,
} from './parameters.ts';
import type { QueryGate } from './query-gate.ts';
import { Statistics, withStatistics } from './query-statistics.ts';

/** Of one series in the answer of query_range. */
const pointsMax = 11_000;

interface QueryLimits {
  /** Samples that one query may hold at once. */
  readonly samples: number;
  readonly timeoutMs: number;
}

export interface QuerySource {
  readonly store: Queryable;
  readonly gate: QueryGate;
  readonly limits: QueryLimits;
  readonly lookbackMs: number;
  defaultSubqueryStepMs(): number;
  readonly features: Features;
  now(): number;
}

export function addQueryRoutes(router: Router, source: QuerySource): void {
  router.add('GET POST', '/api/v1/query', (request) => query(request, source));
  router.add('GET POST', '/api/v1/query_range', (request) => queryRange(request, source));
}

async function query(request: ApiRequest, source: QuerySource): Promise<Answer> {
  const { parameters, signal } = request;
  const limit = limitParameter(parameters);
  const atMs = timeParameterOr(parameters, 'time', source.now());
  const timeoutMs = timeoutOf(parameters, source);
  const { text, expr } = expressionParameter(parameters, source.features);
  const options = { ...optionsOf(parameters, source), text, isExpired: expiryOf(source, timeoutMs) };
  const statistics = new Statistics(parameters, source);
  return source.gate.run(timeoutMs, signal, () => {
    statistics.begin();
    const result = evaluated(() => instantQuery(source.store, expr, atMs, options));
    const stats = statistics.end(result.sampleCounts);
    const notes = notesOf(result, statistics.warnings);
    if (result.type === 'vector' && limit > 0 && result.samples.length > limit) {
      const first = { ...result, samples: result.samples.slice(0, limit) };
      return successJson(withStatistics(instantJson(first), stats), truncated(notes));
    }
    if (result.type === 'matrix' && limit > 0 && result.series.length > limit) {
      const first = { ...result, series: result.series.slice(0, limit) };
      return successJson(withStatistics(instantJson(first), stats), truncated(notes));
    }
    return successJson(withStatistics(instantJson(result), stats), notes);
  });
}

async function queryRange(request: ApiRequest, source: QuerySource): Promise<Answer> {
  const { parameters, signal } = request;
  const limit = limitParameter(parameters);
  const startMs = timeParameter(parameters, 'start');
  const endMs = timeParameter(parameters, 'end');
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time');
  const stepMs = durationParameter(parameters, 'step');
  if (stepMs <= 0)
    throw invalidParameter(
      'step',
      'zero or negative query resolution step widths are not accepted. Try a positive integer',
    );
  if ((endMs - startMs) / stepMs > pointsMax)
    throw new ApiError(
      'bad_data',
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    );
  const timeoutMs = timeoutOf(parameters, source);
  const { text, expr } = expressionParameter(parameters, source.features);
  const type = typeOf(expr);
  if (type !== 'scalar' && type !== 'vector') {
    const shown = type === 'matrix' ? 'range vector' : type;
    throw invalidParameter(
      'query',
      `invalid expression type "${shown}" for range query, must be Scalar or instant Vector`,
    );
  }
  const options = { ...optionsOf(parameters, source), text, isExpired: expiryOf(source, timeoutMs) };
  // Prometheus holds a step in whole milliseconds too; less than one would be none.
  const wholeStepMs = Math.max(1, Math.trunc(stepMs));
  const statistics = new Statistics(parameters, source);
  return source.gate.run(timeoutMs, signal, () => {
    statistics.begin();
    const result = evaluated(() => rangeQuery(source.store, expr, startMs, endMs, wholeStepMs, options));
    const stats = statistics.end(result.sampleCounts);
    const notes = notesOf(result, statistics.warnings);
    if (limit > 0 && result.series.length > limit)
      return successJson(withStatistics(matrixJson(result.series.slice(0, limit)), stats), truncated(notes));
    return successJson(withStatistics(matrixJson(result.series), stats), notes);
  });
}

function timeoutOf(parameters: URLSearchParams, { limits }: QuerySource): number {
  if (!parameters.get('timeout')) return limits.timeoutMs;
  return Math.min(limits.timeoutMs, durationParameter(parameters, 'timeout'));
}

/** A query's time runs from when it is asked, in the queue too. */
function expiryOf(source: QuerySource, timeoutMs: number): () => boolean {
  const endMs = source.now() + timeoutMs;
  return () => source.now() > endMs;
}

function optionsOf(parameters: URLSearchParams, source: QuerySource): QueryOptions {
  const { lookbackMs, features } = source;
  const text = parameters.get('lookback_delta');
  const wanted = text ? parseDurationText(text) : lookbackMs;
  if (typeof wanted === 'string')
    throw new ApiError('bad_data', `error parsing lookback delta duration: ${wanted}`);
  return {
    lookbackMs: wanted > 0 ? wanted : lookbackMs,
    maxSamples: source.limits.samples,
    defaultSubqueryStepMs: source.defaultSubqueryStepMs(),
    features,
    countSamples: parameters.get('stats') !== null,
  };
}

function evaluated<T>(evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof UserError) {
      const isTimeout = error.diagnostics.some(({ code }) => code === 'FD206');
      throw new ApiError(isTimeout ? 'timeout' : 'execution', error.message);
    }
    throw error;
  }
}

/** Notes of each kind that an answer has at most. */
const notesMax = 10;

function notesOf({ warnings, infos }: Required<Notes>, more: readonly string[]): Required<Notes> {
  return { warnings: firstOf([...warnings, ...more], 'warning'), infos: firstOf(infos, 'info') };
}

function firstOf(notes: readonly string[], kind: string): readonly string[] {
  if (notes.length <= notesMax) return notes;
  return [...notes.slice(0, notesMax), `${notes.length - notesMax} more ${kind} annotations omitted`];
}

export function truncated({ warnings = [], infos = [] }: Notes = {}): Notes {
  return { warnings: [...warnings, 'results truncated due to limit'], infos };
}
