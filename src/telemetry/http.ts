// HTTP towards sources of telemetry: authentication, TLS, redirects, compression, and a limit on everything. undici is
// loaded at the first request, so that commands that ask nobody start fast. No error text holds a secret: addresses
// are shown without user names and parameters, and what the credentials are is struck out wherever it appears.

import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Agent, ProxyAgent } from 'undici';
import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { humanDuration } from '../base/duration.ts';
import { Credentials } from './credentials.ts';
import type { HttpClientSpec } from './http-client-spec.ts';
import { readSecretFile } from './secret-file.ts';
import { systemReason } from './system-reason.ts';

const redirectsMax = 10;
const redirectStatuses = [301, 302, 303, 307, 308];

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface HttpRequest {
  readonly url: URL;
  readonly method?: HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  /** Of the body after decompression. */
  readonly bodyBytesMax: number;
  /** Gives the request up; it then rejects with FD702. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  /** When the other end says that it answered, Unix milliseconds to the second; undefined when it does not. */
  readonly dateMs: number | undefined;
  readonly body: Buffer;
}

export class HttpClient {
  readonly #spec: HttpClientSpec;
  readonly #clock: Clock;
  #agent: { readonly agent: Agent | ProxyAgent; readonly material: string } | undefined;

  constructor(spec: HttpClientSpec, clock: Clock) {
    this.#spec = spec;
    this.#clock = clock;
  }

  /** Any status is an answer. Rejects with a UserError when there is none. */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const credentials = await Credentials.read(this.#spec, request.url);
    const finished = new AbortController();
    const attempt = new AbortController();
    // Each redirect listens to it once more.
    setMaxListeners(redirectsMax * 2, attempt.signal);
    let timedOut = false;
    void this.#clock.sleep(request.timeoutMs, finished.signal).then(() => {
      timedOut = !finished.signal.aborted;
      attempt.abort();
    });
    const giveUp = () => attempt.abort();
    request.signal?.addEventListener('abort', giveUp);
    if (request.signal?.aborted) giveUp();
    try {
      return await this.#follow(request, credentials, attempt.signal);
    } catch (error) {
      if (error instanceof UserError) throw error;
      const url = shownUrl(request.url);
      if (timedOut)
        throw UserError.of('FD702', `${url} did not answer within ${humanDuration(request.timeoutMs)}`);
      if (request.signal?.aborted) throw UserError.of('FD702', `the request to ${url} was given up`);
      throw UserError.of('FD701', credentials.strike(`${url} cannot be reached: ${systemReason(error)}`));
    } finally {
      finished.abort();
      request.signal?.removeEventListener('abort', giveUp);
    }
  }

  async close(): Promise<void> {
    await this.#agent?.agent.destroy();
    this.#agent = undefined;
  }

  async #follow(request: HttpRequest, credentials: Credentials, signal: AbortSignal): Promise<HttpAnswer> {
    let { url } = request;
    let { method = 'GET', body } = request;
    for (let hops = 0; hops <= redirectsMax; hops++) {
      const headers = {
        'user-agent': 'firedrill',
        'accept-encoding': 'gzip',
        ...request.headers,
        // Whoever we are sent to is not told what only the source should know.
        ...(url.origin === request.url.origin ? credentials.headers : {}),
      };
      const answer = await this.#send(url, method, headers, body, signal);
      const location = answer.headers.location;
      const follows = this.#spec.followRedirects !== false && redirectStatuses.includes(answer.statusCode);
      if (!follows || typeof location !== 'string') return await readAnswer(request, answer);
      discard(answer.body);
      url = new URL(location, url);
      if (answer.statusCode !== 307 && answer.statusCode !== 308) {
        method = 'GET';
        body = undefined;
      }
    }
    throw UserError.of('FD703', `${shownUrl(request.url)} redirects more than ${redirectsMax} times`);
  }

  async #send(
    url: URL,
    method: HttpMethod,
    headers: Record<string, string>,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<RawAnswer> {
    const { request } = await import('undici');
    const dispatcher = await this.#dispatcher();
    const address = `${url.origin}${url.pathname}${url.search}`;
    const send = () => request(address, { method, headers, body: body ?? null, signal, dispatcher });
    try {
      return await send();
    } catch (error) {
      // A connection that was kept open may have been closed by the other end just as it was used again.
      if (!isBrokenConnection(error) || signal.aborted) throw error;
      return await send();
    }
  }

  /** Certificates are read each time; connections are kept as long as they stay the same. */
  async #dispatcher(): Promise<Agent | ProxyAgent> {
    const { Agent, ProxyAgent } = await import('undici');
    const { tls = {} } = this.#spec;
    const [ca, cert, key] = await Promise.all(
      [tls.caFile, tls.certFile, tls.keyFile].map((path) => path && readSecretFile(path)),
    );
    const material = JSON.stringify([ca, cert, key]);
    // From here on nothing is waited for: of several first requests, one makes the agent for all.
    if (this.#agent?.material === material) return this.#agent.agent;
    void this.#agent?.agent.close();
    const connect = {
      // The request's own timeout ends a connection that does not come about.
      timeout: 0,
      rejectUnauthorized: !tls.insecureSkipVerify,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    };
    const limits = { headersTimeout: 0, bodyTimeout: 0 };
    const { proxyUrl } = this.#spec;
    const agent =
      proxyUrl === undefined
        ? new Agent({ ...limits, connect })
        : new ProxyAgent({ ...limits, uri: proxyUrl, requestTls: connect });
    this.#agent = { agent, material };
    return agent;
  }
}

interface RawAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

/** Scheme, host and path: what may be shown of an address. */
export function shownUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function readAnswer(request: HttpRequest, answer: RawAnswer): Promise<HttpAnswer> {
  const encoding = String(answer.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (encoding !== 'gzip' && encoding !== 'identity') {
    discard(answer.body);
    throw UserError.of(
      'FD705',
      `${shownUrl(request.url)} answered with the encoding ${encoding.slice(0, 40)}`,
    );
  }
  const contentType = answer.headers['content-type'];
  return {
    status: answer.statusCode,
    contentType: typeof contentType === 'string' ? contentType : undefined,
    dateMs: dateOf(answer.headers.date),
    body: await readBody(request, answer.body, encoding === 'gzip'),
  };
}

function dateOf(header: string | string[] | undefined): number | undefined {
  const ms = typeof header === 'string' ? Date.parse(header) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

async function readBody(request: HttpRequest, raw: Readable, compressed: boolean): Promise<Buffer> {
  const stream = compressed ? raw.pipe(createGunzip()) : raw;
  if (compressed) raw.once('error', (error) => stream.destroy(error));
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > request.bodyBytesMax)
        throw UserError.of(
          'FD704',
          `${shownUrl(request.url)} answered with more than the limit of ${request.bodyBytesMax} bytes`,
        );
      chunks.push(chunk);
    }
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith('Z_'))
      throw UserError.of('FD705', `${shownUrl(request.url)} answered with a body that is no valid gzip`);
    throw error;
  } finally {
    discard(raw);
    discard(stream);
  }
  return Buffer.concat(chunks, length);
}

/** Ends a stream that nobody reads any more, whatever it has to say about that. */
function discard(stream: Readable): void {
  stream.on('error', () => {});
  stream.destroy();
}

function isBrokenConnection(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
