import { afterEach } from 'vitest';
import { type Clock, systemClock } from '../../../src/base/clock.ts';
import { ProxyServer, type ProxyServerOptions } from '../../../src/server/proxy/server.ts';

const servers: ProxyServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

export interface Api {
  readonly url: string;
  readonly server: ProxyServer;
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever the test expects
  readonly body: any;
}

export async function startApi(
  more: Partial<ProxyServerOptions> = {},
  clock: Clock = systemClock,
): Promise<Api> {
  const server = new ProxyServer({
    ...{ host: '127.0.0.1', port: 0, clock, seed: 1, version: '1.2.3' },
    metrics: { proxy: false, runtime: false },
    onBug: (error) => {
      throw error;
    },
    ...more,
  });
  servers.push(server);
  const url = `http://${await server.start()}`;
  const ask: Api['ask'] = async (method, path, body, headers = {}) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'user-agent': 'test', ...headers },
      ...(body !== undefined && { body: text }),
    });
    const answer = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(answer);
    } catch {
      parsed = undefined;
    }
    return { status: response.status, headers: response.headers, text: answer, body: parsed };
  };
  return { url, server, ask };
}
