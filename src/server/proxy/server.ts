// `firedrill proxy`: the proxies, and the HTTP API to them. Faults end with the process, so nothing is written down.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { isLoopback } from '../http/access.ts';
import { Listener } from '../http/listener.ts';
import { addProxyRoutes, json } from './api.ts';
import { ProxyApiError } from './api-error.ts';
import { proxiesBody } from './bodies.ts';
import { type MetricsOptions, metricsHandler } from './metrics.ts';
import { Proxies } from './proxies.ts';
import { errorAnswer, ProxyRouter } from './router.ts';

/** The version of toxiproxy's API that is spoken, which client libraries ask for. */
const apiVersion = '2.12.0';

export interface ProxyServerOptions {
  readonly host: string;
  readonly port: number;
  /** Required of every request, where it is given. */
  readonly token?: string;
  readonly clock: Clock;
  readonly seed: number;
  /** Firedrill's own. */
  readonly version: string;
  /** Of toxics that name no time to live. */
  readonly toxicTtlMs?: number;
  readonly metrics: MetricsOptions;
  onBug(error: unknown): void;
}

export class ProxyServer {
  readonly #proxies: Proxies;
  readonly #listener: Listener;

  /** Throws FD902 when others could reach it without a token. */
  constructor(options: ProxyServerOptions) {
    const { host, port, token, clock, seed, metrics, onBug } = options;
    if (token === undefined && !isLoopback(host))
      throw UserError.of('FD902', `${host} can be reached from other machines, and no token is required`);
    this.#proxies = new Proxies(clock, seed);
    const router = new ProxyRouter(clock);
    addProxyRoutes(router, { proxies: this.#proxies, toxicTtlMs: options.toxicTtlMs });
    router.add('GET', '/version', () => version(options.version));
    if (metrics.proxy || metrics.runtime)
      router.add('GET', '/metrics', metricsHandler(this.#proxies, metrics));
    this.#listener = new Listener({
      ...{ host, port, router, onBug },
      ...(token !== undefined && { token }),
      readsForms: false,
      limits: { requestMs: 15_000, idleMs: 60_000 },
      errorAnswer: ({ message, status }) => errorAnswer(message, status),
    });
  }

  /** Creates the proxies of a file's text: what `POST /populate` takes. Throws FD906. */
  async populate(file: string, content: string): Promise<number> {
    let proxies = 0;
    try {
      await this.#proxies.populate(proxiesBody(Buffer.from(content)), () => proxies++);
    } catch (error) {
      if (!(error instanceof ProxyApiError)) throw error;
      throw UserError.of('FD906', `${file}: ${error.message}`);
    }
    return proxies;
  }

  /** host:port of the API. Rejects with FD901. */
  start(): Promise<string> {
    return this.#listener.start();
  }

  async stop(): Promise<void> {
    await this.#listener.stop();
    await this.#proxies.close();
  }
}

function version(own: string) {
  return {
    ...json(200, null),
    contentType: 'application/json;charset=utf-8',
    body: `{"version": "${apiVersion}+firedrill.${own}"}\n`,
  };
}
