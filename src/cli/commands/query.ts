// query instant|range: an expression evaluated by a remote Prometheus, or by our engine on a past run or a file.

import { exitCodes } from '../../base/catalogue.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { Expr } from '../../promql/ast.ts';
import { instantQuery, type QueryOptions, rangeQuery } from '../../promql/engine.ts';
import { formatPromqlError } from '../../promql/errors.ts';
import { parseExpr } from '../../promql/parser.ts';
import { instantJson, matrixJson } from '../../server/api/json-result.ts';
import { parseDurationText, parseTime } from '../../server/api/parameters.ts';
import { enabledFeatures } from '../features.ts';
import { type QueryData, queryText } from '../query-text.ts';
import { openSource, type Source, type SourceOptions } from '../source.ts';
import { print, printJson, warn } from '../surroundings.ts';

interface QueryCommandOptions extends SourceOptions {
  readonly enableFeature?: readonly string[];
  readonly output: 'text' | 'json';
}

export interface InstantOptions extends QueryCommandOptions {
  readonly time?: string;
}

export interface RangeOptions extends QueryCommandOptions {
  readonly start?: string;
  readonly end?: string;
  readonly step?: string;
}

const rangeMsDefault = 5 * 60_000;
const stepsDefault = 250;

export async function queryInstant(text: string, options: InstantOptions): Promise<number> {
  return await ask(options, async (source) => {
    const atMs = timeOf('--time', options.time) ?? source.endMs;
    if ('api' in source) return source.api.queryData('query', { query: text, time: String(atMs / 1000) });
    const query = queryOf(text, options);
    const result = instantQuery(source.store, query.expr, atMs, query);
    tell(result);
    return JSON.parse(instantJson(result).toString());
  });
}

export async function queryRange(text: string, options: RangeOptions): Promise<number> {
  return await ask(options, async (source) => {
    const endMs = timeOf('--end', options.end) ?? source.endMs;
    const startMs = timeOf('--start', options.start) ?? endMs - rangeMsDefault;
    if (endMs < startMs) throw UserError.of('FD904', 'the end is before the start');
    const stepMs =
      stepOf(options.step) ?? Math.max(1000, Math.floor((endMs - startMs) / stepsDefault / 1000) * 1000);
    if ('api' in source) {
      const [start, end, step] = [startMs, endMs, stepMs].map((ms) => String(ms / 1000)) as [
        string,
        string,
        string,
      ];
      return source.api.queryData('query_range', { query: text, start, end, step });
    }
    const query = queryOf(text, options);
    const result = rangeQuery(source.store, query.expr, startMs, endMs, stepMs, query);
    tell(result);
    return JSON.parse(matrixJson(result.series).toString());
  });
}

async function ask(
  options: QueryCommandOptions,
  evaluate: (source: Source) => Promise<unknown>,
): Promise<number> {
  const source = await openSource(options);
  try {
    const data = (await evaluate(source)) as QueryData;
    if (options.output === 'json') printJson(data.result);
    else print(queryText(data));
    return exitCodes.pass;
  } finally {
    if ('api' in source) await source.api.close();
  }
}

/** For our own engine; a remote may know what we do not, and says itself what is wrong. */
function queryOf(text: string, { enableFeature }: QueryCommandOptions): QueryOptions & { expr: Expr } {
  const features = enabledFeatures(enableFeature);
  const result = parseExpr(text, { features });
  if (!result.ok) throw UserError.of(result.error.code, formatPromqlError(text, result.error));
  return { text, features, expr: result.expr };
}

function tell({ warnings, infos }: { readonly warnings: string[]; readonly infos: string[] }): void {
  for (const note of [...warnings, ...infos]) warn(note);
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseTime(text);
  if (ms === undefined) throw UserError.of('FD904', `${option}: ${JSON.stringify(text)} is not a time`);
  return ms;
}

function stepOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDurationText(text);
  if (typeof ms === 'string' || ms < 1)
    throw UserError.of('FD904', `--step: ${JSON.stringify(text)} is no step`);
  return ms;
}
