// A real Alertmanager over its API v2: its configuration, to know who would be called; what it holds; our alerts for it;
// and silences.

import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import type { LabelRecord } from '../base/labels.ts';
import { type HttpAnswer, HttpClient, shownUrl } from '../telemetry/http.ts';
import type { HttpClientSpec } from '../telemetry/http-client-spec.ts';
import type { PostedAlert } from './alert.ts';
import { AlertMatcher } from './matcher/matcher.ts';

const timeoutMs = 10_000;
const bodyBytesMax = 8 * 1024 * 1024;

const statusSchema = z.object({
  cluster: z.object({ peers: z.array(z.unknown()).nullish() }).optional(),
  config: z.object({ original: z.string() }),
});

const time = z.string().transform((text, context) => {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) context.addIssue({ code: 'custom', message: `${text} is not a time` });
  return ms;
});

const labels = z.record(z.string(), z.string());

const alertSchema = z.object({
  labels,
  annotations: labels.default({}),
  startsAt: time,
  endsAt: time,
  fingerprint: z.string(),
  generatorURL: z.string().default(''),
  status: z.object({
    silencedBy: z.array(z.string()).default([]),
    inhibitedBy: z.array(z.string()).default([]),
    mutedBy: z.array(z.string()).default([]),
  }),
});

const groupSchema = z.object({
  labels,
  receiver: z.object({ name: z.string() }),
  alerts: z.array(alertSchema),
});

const silenceSchema = z.object({
  id: z.string(),
  status: z.object({ state: z.enum(['active', 'pending', 'expired']) }),
  startsAt: time,
  endsAt: time,
  updatedAt: time,
  createdBy: z.string(),
  comment: z.string(),
  matchers: z.array(
    z.object({
      name: z.string(),
      value: z.string(),
      isRegex: z.boolean(),
      isEqual: z.boolean().default(true),
    }),
  ),
});

export type RemoteAmAlert = z.output<typeof alertSchema>;
export type RemoteAmGroup = z.output<typeof groupSchema>;
export type RemoteSilence = z.output<typeof silenceSchema>;

export interface RemoteStatus {
  /** The text of its alertmanager.yml, secrets masked by itself. */
  readonly config: string;
  /** Members of its cluster, itself included; 1 without one. */
  readonly members: number;
  /** How far its clock is ahead of ours, in milliseconds, to about half a second. */
  readonly aheadMs: number;
}

/** What a silence is asked to be; with an id, that one is changed. Times are the Alertmanager's. */
export interface WantedSilence {
  readonly id?: string;
  readonly labels: LabelRecord;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly createdBy: string;
  readonly comment: string;
}

/** Every method rejects with a UserError when the Alertmanager does not do what it is asked for. */
export class RemoteAlertmanager {
  readonly #base: string;
  readonly #client: HttpClient;
  readonly #clock: Clock;

  constructor(url: string, http: HttpClientSpec, clock: Clock) {
    const base = url.endsWith('/') ? url : `${url}/`;
    if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
      throw UserError.of('FD105', 'the address of the Alertmanager is not a URL', {
        expected: 'http://host:port, or https',
      });
    this.#base = base;
    this.#client = new HttpClient(http, clock);
    this.#clock = clock;
  }

  async status(): Promise<RemoteStatus> {
    const answer = await this.#ask('status');
    const { config, cluster } = parsed('status', statusSchema, answer, this.#address('status'));
    return {
      config: config.original,
      members: Math.max(1, cluster?.peers?.length ?? 0),
      aheadMs: answer.dateMs === undefined ? 0 : answer.dateMs + 500 - this.#clock.now(),
    };
  }

  /** Alerts that have not ended, silenced ones too. */
  async alerts(): Promise<readonly RemoteAmAlert[]> {
    return this.#read('alerts', z.array(alertSchema));
  }

  async groups(): Promise<readonly RemoteAmGroup[]> {
    return this.#read('alerts/groups', z.array(groupSchema));
  }

  async silences(): Promise<readonly RemoteSilence[]> {
    return this.#read('silences', z.array(silenceSchema));
  }

  async silence(id: string): Promise<RemoteSilence> {
    return this.#read(`silence/${encodeURIComponent(id)}`, silenceSchema);
  }

  /** Hands alerts to it as Prometheus does. */
  async postAlerts(alerts: readonly PostedAlert[]): Promise<void> {
    const body = alerts.map(({ labels: set, annotations, startsAt, endsAt, generatorUrl }) => ({
      labels: set.toRecord(),
      annotations,
      startsAt: startsAt === undefined ? undefined : timeText(startsAt),
      endsAt: endsAt === undefined ? undefined : timeText(endsAt),
      generatorURL: generatorUrl,
    }));
    await this.#ask('alerts', 'POST', body);
  }

  /** The id of the silence that came of it. */
  async postSilence({ labels: set, startsAt, endsAt, ...rest }: WantedSilence): Promise<string> {
    const matchers = Object.entries(set).map(([name, value]) => ({
      name,
      value,
      isRegex: false,
      isEqual: true,
    }));
    const body = { ...rest, matchers, startsAt: timeText(startsAt), endsAt: timeText(endsAt) };
    const answer = await this.#ask('silences', 'POST', body);
    return parsed('silence', z.object({ silenceID: z.string() }), answer, this.#address('silences'))
      .silenceID;
  }

  async expireSilence(id: string): Promise<void> {
    await this.#ask(`silence/${encodeURIComponent(id)}`, 'DELETE');
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #read<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    return parsed(path, schema, await this.#ask(path), this.#address(path));
  }

  async #ask(path: string, method: 'GET' | 'POST' | 'DELETE' = 'GET', body?: unknown): Promise<HttpAnswer> {
    const url = this.#address(path);
    const answer = await this.#client.request({
      ...{ url, method, timeoutMs, bodyBytesMax },
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    if (answer.status === 200) return answer;
    const reason = answer.body.toString('utf8').trim().slice(0, 300);
    throw UserError.of(
      'FD703',
      `${shownUrl(url)} answered with status ${answer.status}${reason === '' ? '' : `: ${reason}`}`,
    );
  }

  #address(path: string): URL {
    return new URL(`api/v2/${path}`, this.#base);
  }
}

/** The text of its alertmanager.yml, secrets masked by itself. Rejects with a UserError. */
export async function fetchRemoteConfig(url: string, http: HttpClientSpec, clock: Clock): Promise<string> {
  const remote = new RemoteAlertmanager(url, http, clock);
  try {
    return (await remote.status()).config;
  } finally {
    await remote.close();
  }
}

/** Hands alerts to it as Prometheus does. Rejects with a UserError. */
export async function postAlerts(
  url: string,
  http: HttpClientSpec,
  clock: Clock,
  alerts: readonly PostedAlert[],
): Promise<void> {
  const remote = new RemoteAlertmanager(url, http, clock);
  try {
    await remote.postAlerts(alerts);
  } finally {
    await remote.close();
  }
}

export function silenceMatchers({ matchers }: RemoteSilence): AlertMatcher[] {
  return matchers.map(({ name, value, isRegex, isEqual }) => {
    const operator = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
    return new AlertMatcher(name, operator, value);
  });
}

function parsed<T extends z.ZodType>(what: string, schema: T, { body }: HttpAnswer, url: URL): z.output<T> {
  const read = schema.safeParse(parsedJson(body.toString('utf8')));
  if (!read.success) throw UserError.of('FD705', `${shownUrl(url)} is not the ${what} of an Alertmanager`);
  return read.data;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function timeText(atMs: number): string {
  return new Date(atMs).toISOString();
}
