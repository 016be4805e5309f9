// Open-loop HTTP load: requests start at their planned moments whether or not earlier ones have been answered, and
// latency counts from the planned moment, so that a slow service cannot hide behind a slowing client.

import { Pool } from 'undici';
import type { Clock } from '../../base/clock.ts';
import type { TrafficSpec } from '../model.ts';

export type HttpTrafficSpec = Extract<TrafficSpec, { type: 'http' }>;

export interface RequestOutcome {
  /** Status code, or `timeout`, `refused`, `reset`, `dropped` (too many in flight), `error`. */
  readonly code: string;
  /** False without an answer and for 5xx: what the service, not the client, did wrong. */
  readonly ok: boolean;
  readonly seconds: number;
}

export interface Traffic {
  start(): void;
  /** Stops sending and waits for what is in flight, at most the request timeout, or until `hurry`. */
  stop(hurry: AbortSignal): Promise<void>;
}

const connectionsMax = 256;
const inFlightMax = 2000;
/** After a pause of the process (a frozen laptop), missed requests are not sent in one burst. */
const catchUpMs = 1000;

export function httpTraffic(
  spec: HttpTrafficSpec,
  clock: Clock,
  onOutcome: (outcome: RequestOutcome) => void,
): Traffic {
  const url = new URL(spec.url);
  const pool = new Pool(url.origin, {
    connections: connectionsMax,
    headersTimeout: spec.timeoutMs,
    bodyTimeout: spec.timeoutMs,
    connect: { timeout: spec.timeoutMs },
  });
  const stopping = new AbortController();
  const inFlight = new Set<Promise<void>>();

  const send = async (plannedAt: number): Promise<void> => {
    const code = await request(pool, url, spec);
    const ok = /^[1-4]\d\d$/.test(code);
    onOutcome({ code, ok, seconds: Math.max(0, clock.now() - plannedAt) / 1000 });
  };

  const loop = async (): Promise<void> => {
    const gapMs = 1000 / spec.ratePerSecond;
    let next = clock.now();
    while (!stopping.signal.aborted) {
      const now = clock.now();
      if (now - next > catchUpMs) next = now;
      while (next <= now) {
        if (inFlight.size >= inFlightMax) onOutcome({ code: 'dropped', ok: false, seconds: 0 });
        else {
          const sent: Promise<void> = send(next).finally(() => inFlight.delete(sent));
          inFlight.add(sent);
        }
        next += gapMs;
      }
      await clock.sleep(next - clock.now(), stopping.signal);
    }
  };

  let running: Promise<void> | undefined;
  return {
    start: () => {
      running = loop();
    },
    stop: async (hurry) => {
      stopping.abort();
      await running;
      const settled = new AbortController();
      void Promise.allSettled(inFlight).then(() => settled.abort());
      await clock.sleep(spec.timeoutMs, AbortSignal.any([settled.signal, hurry]));
      await pool.destroy();
    },
  };
}

async function request(pool: Pool, url: URL, spec: HttpTrafficSpec): Promise<string> {
  try {
    const response = await pool.request({
      path: `${url.pathname}${url.search}`,
      method: spec.method as 'GET',
      headers: spec.headers,
      body: spec.body ?? null,
      signal: AbortSignal.timeout(spec.timeoutMs),
    });
    await response.body.dump();
    return String(response.statusCode);
  } catch (error) {
    return failureCode(error);
  }
}

function failureCode(error: unknown): string {
  const { code, name } = error as { code?: string; name?: string };
  if (
    name === 'TimeoutError' ||
    code === 'UND_ERR_HEADERS_TIMEOUT' ||
    code === 'UND_ERR_BODY_TIMEOUT' ||
    code === 'UND_ERR_CONNECT_TIMEOUT'
  ) {
    return 'timeout';
  }
  if (code === 'ECONNREFUSED') return 'refused';
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') return 'reset';
  return 'error';
}
