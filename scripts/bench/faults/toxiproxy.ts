// A server that speaks toxiproxy's API, ours or the original, and what the benches ask of it.

import { resolve } from 'node:path';
import { freePort } from './load.ts';
import { type Running, start } from './processes.ts';

export interface ToxicServer extends Running {
  /** Makes a proxy to a port of this machine; returns its own port. */
  proxy(name: string, upstreamPort: number): Promise<number>;
  /** Adds a toxic; a former one of this name goes. */
  toxic(proxy: string, toxic: object): Promise<void>;
  /** Removes all toxics. */
  reset(): Promise<void>;
}

export async function startOurs(): Promise<ToxicServer> {
  const args = [resolve('dist/firedrill.js'), 'proxy', '--port', '0', '--seed', '1'];
  const running = await start(process.execPath, args, /, seed/);
  return serverAt(/http:\S+?(?=,)/.exec(running.line)![0], running);
}

/** The original, where TOXIPROXY_BIN names its server. */
export async function startOriginal(): Promise<ToxicServer | undefined> {
  const program = process.env.TOXIPROXY_BIN;
  if (!program) return undefined;
  const port = await freePort();
  const running = await start(program, ['-port', String(port)], /Starting Toxiproxy HTTP server/);
  return serverAt(`http://127.0.0.1:${port}`, running);
}

function serverAt(url: string, running: Running): ToxicServer {
  const ask = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  return {
    ...running,
    async proxy(name, upstreamPort) {
      const upstream = `127.0.0.1:${upstreamPort}`;
      const { listen } = await ask('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream });
      return Number(listen.split(':').at(-1));
    },
    async toxic(proxy, toxic) {
      await ask('POST', `/proxies/${proxy}/toxics`, toxic);
    },
    async reset() {
      await ask('POST', '/reset');
    },
  };
}
