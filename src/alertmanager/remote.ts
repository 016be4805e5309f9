// What we ask of a real Alertmanager: its configuration, to know who would be called, and to take our alerts.

import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { HttpClient, shownUrl } from '../telemetry/http.ts';
import type { HttpClientSpec } from '../telemetry/http-client-spec.ts';
import type { PostedAlert } from './alert.ts';

const statusSchema = z.object({ config: z.object({ original: z.string() }) });

const timeoutMs = 10_000;
const bodyBytesMax = 8 * 1024 * 1024;

/** The text of its alertmanager.yml, secrets masked by itself. Rejects with a UserError. */
export async function fetchRemoteConfig(url: string, http: HttpClientSpec, clock: Clock): Promise<string> {
  const base = url.endsWith('/') ? url : `${url}/`;
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw UserError.of('FD105', 'the address of the Alertmanager is not a URL', {
      expected: 'http://host:port, or https',
    });
  const address = new URL('api/v2/status', base);
  const client = new HttpClient(http, clock);
  try {
    const { status, body } = await client.request({ url: address, timeoutMs, bodyBytesMax });
    if (status !== 200) throw UserError.of('FD703', `${shownUrl(address)} answered with status ${status}`);
    const read = statusSchema.safeParse(parsedJson(body.toString('utf8')));
    if (!read.success)
      throw UserError.of('FD705', `${shownUrl(address)} is not the status of an Alertmanager`);
    return read.data.config.original;
  } finally {
    await client.close();
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Hands alerts to it as Prometheus does; FD703 when it refuses them. */
export async function postAlerts(
  url: string,
  http: HttpClientSpec,
  clock: Clock,
  alerts: readonly PostedAlert[],
): Promise<void> {
  const address = new URL('api/v2/alerts', url.endsWith('/') ? url : `${url}/`);
  const time = (atMs: number | undefined) => (atMs === undefined ? undefined : new Date(atMs).toISOString());
  const body = alerts.map(({ labels, annotations, startsAt, endsAt, generatorUrl }) => ({
    labels: labels.toRecord(),
    annotations,
    startsAt: time(startsAt),
    endsAt: time(endsAt),
    generatorURL: generatorUrl,
  }));
  const headers = { 'content-type': 'application/json' };
  const client = new HttpClient(http, clock);
  try {
    const request = { url: address, method: 'POST', headers, body: JSON.stringify(body) } as const;
    const { status } = await client.request({ ...request, timeoutMs, bodyBytesMax });
    if (status !== 200) throw UserError.of('FD703', `${shownUrl(address)} answered with status ${status}`);
  } finally {
    await client.close();
  }
}
