// A client of Prometheus's HTTP API, which Thanos, Mimir and VictoriaMetrics speak too.
// https://prometheus.io/docs/prometheus/latest/querying/api/

import { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { Labels } from '../../base/labels.ts';
import { HttpClient, shownUrl } from '../http.ts';
import type { StoredExemplar } from '../metrics/exemplars.ts';
import { parseNumber } from '../metrics/exposition/number.ts';
import type { RemoteSpec } from '../metrics/scrape-spec.ts';
import { type QueryResult, queryResult } from './query-result.ts';
import { type RemoteRuleGroup, rulesAnswer } from './rules-answer.ts';

const timeoutMsDefault = 10_000;
const bodyBytesMaxDefault = 128 * 1024 * 1024;

export interface RemoteApiOptions {
  /** Of each request. */
  readonly timeoutMs?: number;
  readonly bodyBytesMax?: number;
  /** Gives up what is under way. */
  readonly signal?: AbortSignal;
}

const buildInfoAnswer = z.object({ version: z.string() });

const alertmanagersAnswer = z.object({
  activeAlertmanagers: z.array(z.object({ url: z.string() })).nullish(),
  droppedAlertmanagers: z.array(z.object({ url: z.string() })).nullish(),
});

const labelRecord = z.record(z.string(), z.string()).default({});
const exemplarsAnswer = z
  .array(
    z.object({
      seriesLabels: labelRecord,
      exemplars: z.array(
        z.object({
          labels: labelRecord,
          value: z.string().transform((text) => parseNumber(text, 0, text.length) ?? Number.NaN),
          timestamp: z.number().transform((at) => Math.round(at * 1000)),
        }),
      ),
    }),
  )
  .nullable()
  .transform((list) => list ?? []);

const namesAnswer = z.array(z.string());
const seriesAnswer = z.array(z.record(z.string(), z.string()));
const metadataAnswer = z.record(z.string(), z.array(z.object({ type: z.string() })));
/** Series that one answer may list. */
const seriesMax = '10000';

/** Every method rejects with a UserError (FD701 to FD705, FD707) that says what the remote did. */
export class RemoteApi {
  readonly #base: URL;
  readonly #client: HttpClient;
  readonly #options: RemoteApiOptions;

  /** Throws FD105 when the address is none. */
  constructor(spec: Pick<RemoteSpec, 'url' | 'http'>, clock: Clock, options: RemoteApiOptions = {}) {
    const base = spec.url.endsWith('/') ? spec.url : `${spec.url}/`;
    if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
      throw UserError.of('FD105', 'the address of the remote Prometheus is not a URL', {
        expected: 'http://host:port, or https',
      });
    this.#base = new URL(base);
    this.#client = new HttpClient(spec.http, clock);
    this.#options = options;
  }

  /** The address as it may be shown. */
  get shownUrl(): string {
    return shownUrl(this.#base);
  }

  async query(expression: string, atMs: number): Promise<QueryResult> {
    return this.#result('query', { query: expression, time: seconds(atMs) });
  }

  async queryRange(expression: string, startMs: number, endMs: number, stepMs: number): Promise<QueryResult> {
    return this.#result('query_range', {
      query: expression,
      start: seconds(startMs),
      end: seconds(endMs),
      step: seconds(stepMs),
    });
  }

  /** The `data` of query or query_range as it came, with whatever the remote puts into results. */
  async queryData(path: 'query' | 'query_range', form: Record<string, string>): Promise<unknown> {
    return this.#ask(path, form);
  }

  /** Exemplars of the series that a selector finds. */
  async exemplars(selector: string, startMs: number, endMs: number): Promise<readonly StoredExemplar[]> {
    const form = { query: selector, start: seconds(startMs), end: seconds(endMs) };
    const found = this.#checked('query_exemplars', exemplarsAnswer, await this.#ask('query_exemplars', form));
    return found.flatMap(({ seriesLabels, exemplars }) => {
      const series = Labels.from(seriesLabels);
      return exemplars.map(({ labels, value, timestamp: atMs }) => ({
        ...{ series, atMs },
        exemplar: { labels: Object.entries(labels), value, atMs },
      }));
    });
  }

  /** Rules as the remote evaluates them, with the alerts that are pending or firing now. */
  async rules(): Promise<readonly RemoteRuleGroup[]> {
    return this.#checked('rules', rulesAnswer, await this.#ask('rules')).groups;
  }

  async buildInfo(): Promise<{ readonly version: string }> {
    return this.#checked('status/buildinfo', buildInfoAnswer, await this.#ask('status/buildinfo'));
  }

  /** Addresses of the Alertmanagers that the remote sends to, and of those that it dropped. */
  async alertmanagers(): Promise<{
    readonly active: readonly string[];
    readonly dropped: readonly string[];
  }> {
    const answer = this.#checked('alertmanagers', alertmanagersAnswer, await this.#ask('alertmanagers'));
    const urls = (list: readonly { url: string }[] | null | undefined) => (list ?? []).map(({ url }) => url);
    return { active: urls(answer.activeAlertmanagers), dropped: urls(answer.droppedAlertmanagers) };
  }

  async metricNames(): Promise<readonly string[]> {
    return this.#checked('label/__name__/values', namesAnswer, await this.#ask('label/__name__/values'));
  }

  /** Label sets of the series that match a selector and have samples in between; some of them when there are many. */
  async series(selector: string, startMs: number, endMs: number): Promise<readonly Labels[]> {
    const form = { 'match[]': selector, start: seconds(startMs), end: seconds(endMs), limit: seriesMax };
    const answer = this.#checked('series', seriesAnswer, await this.#ask('series', form));
    return answer.map((labels) => Labels.from(labels));
  }

  /** By metric; the first type where targets say different things. */
  async metricTypes(): Promise<ReadonlyMap<string, string>> {
    const answer = this.#checked('metadata', metadataAnswer, await this.#ask('metadata'));
    return new Map(Object.entries(answer).flatMap(([name, [first]]) => (first ? [[name, first.type]] : [])));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  async #result(path: string, form: Record<string, string>): Promise<QueryResult> {
    return queryResult(await this.#ask(path, form)) ?? this.#unexpected(path);
  }

  /** The `data` of the answer. With a form it is a POST, so that long expressions fit. */
  async #ask(path: string, form?: Record<string, string>): Promise<unknown> {
    const url = new URL(`api/v1/${path}`, this.#base);
    const { timeoutMs = timeoutMsDefault, bodyBytesMax = bodyBytesMaxDefault, signal } = this.#options;
    const answer = await this.#client.request({
      url,
      timeoutMs,
      bodyBytesMax,
      headers: {
        accept: 'application/json',
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form && { method: 'POST', body: new URLSearchParams(form).toString() }),
      ...(signal && { signal }),
    });
    const envelope = json(answer.body);
    if (envelope?.status === 'success' && answer.status === 200) return envelope.data;
    if (typeof envelope?.error === 'string')
      throw UserError.of('FD703', `${shownUrl(url)} refused: ${envelope.error.slice(0, 500)}`);
    if (answer.status !== 200)
      throw UserError.of('FD703', `${shownUrl(url)} answered with status ${answer.status}`);
    return this.#unexpected(path);
  }

  #checked<S extends z.ZodType>(path: string, schema: S, data: unknown): z.output<S> {
    const result = schema.safeParse(data);
    return result.success ? result.data : this.#unexpected(path, result.error.issues[0]);
  }

  #unexpected(
    path: string,
    issue?: { readonly path: readonly PropertyKey[]; readonly message: string },
  ): never {
    const url = shownUrl(new URL(`api/v1/${path}`, this.#base));
    const where = issue ? ` (${issue.path.join('.')}: ${issue.message})` : '';
    throw UserError.of('FD705', `${url} did not answer as Prometheus does${where}`);
  }
}

function json(body: Buffer): { status?: unknown; data?: unknown; error?: unknown } | undefined {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function seconds(ms: number): string {
  return String(ms / 1000);
}
