// The HTTP server: limits on everything a client can hold open, one place where errors become answers, and an end
// that lets what is under way finish.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../../base/diagnostics.ts';
import { checkAccess } from './access.ts';
import { type Answer, jsonType, text } from './answer.ts';
import { ApiError, HttpError } from './api-error.ts';
import { readBody, readParameters } from './request.ts';
import type { Found, Router } from './router.ts';

export interface ListenerLimits {
  readonly connections: number;
  /** Until the headers are complete. */
  readonly headersMs: number;
  /** Until headers and body are complete. */
  readonly requestMs: number;
  /** How long a connection may stand still: a client that does not take its answer, or asks nothing more. */
  readonly idleMs: number;
  /** How long what is under way may take when the server stops. */
  readonly stopMs: number;
}

const defaultListenerLimits: ListenerLimits = {
  connections: 512,
  headersMs: 10_000,
  requestMs: 60_000,
  idleMs: 5 * 60_000,
  stopMs: 5000,
};

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Required of every request, where it is given. */
  readonly token?: string;
  readonly router: Router;
  readonly limits?: Partial<ListenerLimits>;
  /** Called for each answer; `route` is empty where there is none. */
  onAnswer?(route: string, status: number): void;
  /** Whether what is sent as a form holds parameters; curl says of every body that it is one. True when not given. */
  readonly readsForms?: boolean;
  /** The form of errors, where it is not that of Prometheus's API. */
  errorAnswer?(error: ApiError): Answer;
  /** A bug of ours; the client is told of an internal error. */
  onBug(error: unknown): void;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #server: Server;
  readonly #stopping = new AbortController();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#limits = { ...defaultListenerLimits, ...options.limits };
    const { headersMs, requestMs, idleMs, connections } = this.#limits;
    this.#server = createServer(
      {
        headersTimeout: headersMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: Math.min(1000, headersMs),
        keepAliveTimeout: Math.min(idleMs, 30_000),
        maxHeaderSize: 64 * 1024,
      },
      (request, response) => void this.#handle(request, response),
    );
    this.#server.maxConnections = connections;
    this.#server.timeout = idleMs;
  }

  /** host:port on which it listens. Rejects with FD901. */
  async start(): Promise<string> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(UserError.of('FD901', `${host}:${port} cannot be listened on: ${error.message}`)),
      );
      this.#server.listen(port, host, resolve);
    });
    const bound = this.#server.address() as AddressInfo;
    return `${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  }

  /** Takes no more requests; what is under way gets `stopMs`. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    const late = setTimeout(() => {
      this.#stopping.abort();
      this.#server.closeAllConnections();
    }, this.#limits.stopMs);
    await closed;
    clearTimeout(late);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = urlOf(request);
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
    const found = url ? this.#options.router.find(method, url.pathname) : 'unknown path';
    let answer: Answer;
    try {
      answer = await this.#answer(request, response, url, found);
    } catch (error) {
      answer = this.#errorAnswer(error);
    }
    this.#options.onAnswer?.(typeof found === 'string' ? '' : found.route, answer.status);
    if (response.destroyed) return;
    // What was not read of a body that was refused is not waited for, nor another request when the server stops.
    if (!request.complete || !this.#server.listening) response.setHeader('connection', 'close');
    const content = {
      'content-type': answer.contentType,
      'content-length': Buffer.byteLength(answer.body),
      'x-content-type-options': 'nosniff',
    };
    response.writeHead(answer.status, { ...(answer.status !== 204 && content), ...answer.headers });
    response.end(request.method === 'HEAD' ? '' : answer.body);
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL | undefined,
    found: Found,
  ): Promise<Answer> {
    checkAccess(request.headers, this.#options.token);
    // As Prometheus does; other origins were refused above, so there is nothing to allow them.
    if (request.method === 'OPTIONS' && url?.pathname.startsWith('/api/v1/')) return text(204, '');
    if (!url || found === 'unknown path') return text(404, '404 page not found\n');
    if (found === 'wrong method') return text(405, 'Method Not Allowed\n');
    const gone = new AbortController();
    const leave = () => gone.abort();
    response.once('close', leave);
    this.#stopping.signal.addEventListener('abort', leave);
    try {
      return await found.handler({
        method: request.method ?? '',
        path: url.pathname,
        headers: request.headers,
        pathParameters: found.pathParameters,
        parameters:
          this.#options.readsForms === false ? url.searchParams : await readParameters(request, url),
        signal: gone.signal,
        body: (bytesMax) => readBody(request, bytesMax),
      });
    } finally {
      response.off('close', leave);
      this.#stopping.signal.removeEventListener('abort', leave);
    }
  }

  #errorAnswer(error: unknown): Answer {
    if (error instanceof HttpError) return text(error.status, `${error.message}\n`);
    const known = error instanceof ApiError ? error : undefined;
    if (!known && !isBrokenRequest(error)) this.#options.onBug(error);
    const shown = known ?? new ApiError('internal', 'internal error');
    const { type, message, status } = shown;
    const headers: Record<string, string> = type === 'unauthorized' ? { 'www-authenticate': 'Bearer' } : {};
    const other = this.#options.errorAnswer?.(shown);
    if (other) return { ...other, headers };
    const body = JSON.stringify({ status: 'error', errorType: type, error: message });
    return { status, contentType: jsonType, headers, body };
  }
}

/** The client has gone in the middle of its request. */
function isBrokenRequest(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNRESET';
}

/** The path only: whoever sends a whole address means the same. */
function urlOf(request: IncomingMessage): URL | undefined {
  const target = request.url ?? '/';
  const text = target.startsWith('/') ? `http://host${target.replace(/^\/+/, '/')}` : target;
  return URL.canParse(text) ? new URL(text) : undefined;
}
