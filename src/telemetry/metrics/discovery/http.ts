// http_sd: targets from an HTTP endpoint, asked again and again.
// https://prometheus.io/docs/prometheus/latest/http_sd/

import type { Clock } from '../../../base/clock.ts';
import { UserError } from '../../../base/diagnostics.ts';
import { HttpClient, shownUrl } from '../../http.ts';
import type { DiscoverySpec } from '../scrape-spec.ts';
import { type DiscoveryListener, PartStates } from './listener.ts';
import { targetsOf } from './target-group.ts';

const bodyBytesMax = 16 * 1024 * 1024;

export async function discoverFromHttp(
  { url: address, refreshMs, http }: Extract<DiscoverySpec, { type: 'http' }>,
  clock: Clock,
  listener: DiscoveryListener,
  signal: AbortSignal,
): Promise<void> {
  const client = new HttpClient(http, clock);
  const states = new PartStates(listener);
  const url = new URL(address);
  const part = shownUrl(url);
  while (!signal.aborted) {
    const found = await ask(client, url, refreshMs, signal);
    if (signal.aborted) break;
    if (typeof found === 'string') states.failed(part, found);
    else {
      states.worked(part);
      listener.onTargets(part, found);
    }
    await clock.sleep(refreshMs, signal);
  }
  await client.close();
}

async function ask(
  client: HttpClient,
  url: URL,
  refreshMs: number,
  signal: AbortSignal,
): Promise<ReturnType<typeof targetsOf>> {
  try {
    const { status, contentType, body } = await client.request({
      url,
      headers: {
        accept: 'application/json',
        'x-prometheus-refresh-interval-seconds': String(refreshMs / 1000),
      },
      timeoutMs: refreshMs,
      bodyBytesMax,
      signal,
    });
    if (status !== 200) return `${shownUrl(url)} answered with status ${status}`;
    if (!/^application\/json\b/i.test(contentType ?? ''))
      return `${shownUrl(url)} answered with the type ${(contentType ?? 'none').slice(0, 60)}, not application/json`;
    const found = targetsOf(JSON.parse(body.toString()), { __meta_url: url.href });
    return typeof found === 'string' ? `${shownUrl(url)}: ${found}` : found;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    if (error instanceof SyntaxError) return `${shownUrl(url)} answered with no valid JSON`;
    throw error;
  }
}
