// query instant|range: an expression evaluated by a remote Prometheus, or by our engine on a past run or a file.

import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { checkYaml, parseYaml } from '../../base/yaml.ts';
import type { Expr } from '../../promql/ast.ts';
import { instantQuery, type QueryOptions, rangeQuery } from '../../promql/engine.ts';
import { formatPromqlError } from '../../promql/errors.ts';
import { parseExpr } from '../../promql/parser.ts';
import { instantJson, matrixJson } from '../../server/api/json-result.ts';
import { parseDurationText, parseTime } from '../../server/api/parameters.ts';
import { httpClientFields, oneCredential, resolveHttpClient } from '../../telemetry/config/http-client.ts';
import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import type { SeriesStore } from '../../telemetry/metrics/store.ts';
import { importOpenMetrics } from '../../telemetry/recording/openmetrics-import.ts';
import { readRecording } from '../../telemetry/recording/reader.ts';
import { RemoteApi } from '../../telemetry/remote/api.ts';
import { enabledFeatures } from '../features.ts';
import { type QueryData, queryText } from '../query-text.ts';
import { print, printJson, readUserFile, warn } from '../surroundings.ts';

interface SourceOptions {
  readonly source: string;
  readonly sourceConfig?: string;
  readonly runs: string;
  readonly enableFeature?: readonly string[];
  readonly output: 'text' | 'json';
}

export interface InstantOptions extends SourceOptions {
  readonly time?: string;
}

export interface RangeOptions extends SourceOptions {
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
    const result = instantQuery(source.store, parsed(text), atMs, queryOptions(text, options));
    tell(result);
    return JSON.parse(instantJson(result));
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
    const result = rangeQuery(
      source.store,
      parsed(text),
      startMs,
      endMs,
      stepMs,
      queryOptions(text, options),
    );
    tell(result);
    return JSON.parse(matrixJson(result.series));
  });
}

type Source = { readonly endMs: number } & ({ readonly api: RemoteApi } | { readonly store: SeriesStore });

async function ask(options: SourceOptions, evaluate: (source: Source) => Promise<unknown>): Promise<number> {
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
function parsed(text: string): Expr {
  const result = parseExpr(text);
  if (!result.ok) throw UserError.of(result.error.code, formatPromqlError(text, result.error));
  return result.expr;
}

async function openSource({ source, sourceConfig, runs }: SourceOptions): Promise<Source> {
  if (/^https?:\/\//.test(source)) {
    const http = sourceConfig ? await readSourceConfig(sourceConfig) : {};
    return { api: new RemoteApi({ url: source, http }, systemClock), endMs: systemClock.now() };
  }
  const store = await openStore(source, runs);
  return { store, endMs: lastSampleMs(store) ?? systemClock.now() };
}

async function openStore(source: string, runs: string): Promise<SeriesStore> {
  for (const path of [source, join(runs, source)]) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return importOpenMetrics(path);
    if (!found?.isDirectory()) continue;
    const { store, warnings } = await readRecording(join(path, 'recording'));
    for (const warning of warnings) warn(warning);
    return store;
  }
  throw UserError.of('FD804', `there is no source ${source}: no URL, no file, and no run below ${runs}`);
}

function lastSampleMs(store: SeriesStore): number | undefined {
  const all = store.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  const last = all.reduce((latest, view) => Math.max(latest, view.column.times[view.last - 1]!), -Infinity);
  return Number.isFinite(last) ? last : undefined;
}

async function readSourceConfig(file: string): Promise<HttpClientSpec> {
  const document = parseYaml(file, await readUserFile(file));
  if (!document.ok) throw new UserError(document.diagnostics);
  const checked = checkYaml(document.value, z.strictObject(httpClientFields).superRefine(oneCredential));
  if (!checked.ok) throw new UserError(checked.diagnostics);
  return resolveHttpClient(checked.value, dirname(resolve(file)));
}

function queryOptions(text: string, { enableFeature }: SourceOptions): QueryOptions {
  return { text, features: enabledFeatures(enableFeature) };
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
