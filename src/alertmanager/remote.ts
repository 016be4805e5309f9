// What we ask of a real Alertmanager: its configuration, to know who would be called.

import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { HttpClient, shownUrl } from '../telemetry/http.ts';
import type { HttpClientSpec } from '../telemetry/http-client-spec.ts';

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
