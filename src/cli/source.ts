// `--source`: a remote Prometheus, a past run or a file of OpenMetrics text.

import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { checkYaml, parseYaml } from '../base/yaml.ts';
import { type Querier, remoteQuerier, storeQuerier } from '../promql/querier.ts';
import { httpClientFields, oneCredential, resolveHttpClient } from '../telemetry/config/http-client.ts';
import type { HttpClientSpec } from '../telemetry/http-client-spec.ts';
import type { SeriesStore } from '../telemetry/metrics/store.ts';
import { importOpenMetrics } from '../telemetry/recording/openmetrics-import.ts';
import { readRecording } from '../telemetry/recording/reader.ts';
import { RemoteApi } from '../telemetry/remote/api.ts';
import { readUserFile, warn } from './surroundings.ts';

export interface SourceOptions {
  readonly source: string;
  readonly sourceConfig?: string;
  readonly runs: string;
}

/** `endMs` is now, or the time of the last sample. */
export type Source = { readonly endMs: number } & (
  | { readonly api: RemoteApi }
  | { readonly store: SeriesStore }
);

/** Who answers queries. `pageMs` is how much of a long range one query should ask for; a remote wants few requests. */
export function querierOf(source: Source): { readonly querier: Querier; readonly pageMs?: number } {
  if ('api' in source) return { querier: remoteQuerier(source.api) };
  return { querier: storeQuerier(source.store), pageMs: 2 * 86_400_000 };
}

/** A remote has to be closed. */
export async function openSource({ source, sourceConfig, runs }: SourceOptions): Promise<Source> {
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

/** Authentication and TLS for an address, from a file of the user's. */
export async function readSourceConfig(file: string): Promise<HttpClientSpec> {
  const document = parseYaml(file, await readUserFile(file));
  if (!document.ok) throw new UserError(document.diagnostics);
  const checked = checkYaml(document.value, z.strictObject(httpClientFields).superRefine(oneCredential));
  if (!checked.ok) throw new UserError(checked.diagnostics);
  return resolveHttpClient(checked.value, dirname(resolve(file)));
}
