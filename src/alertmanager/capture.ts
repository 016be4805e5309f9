// The capture receiver: stands in for every pager of a drill, so that nobody is called. It records each request,
// with secrets masked, as a file of the run, and answers as it is told to, also as a pager that fails.

import { createHash, timingSafeEqual } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { redact, redactDeep, redacted } from '../base/redact.ts';
import type { CaptureSpec } from './capture-spec.ts';
import { type CapturedMessage, readMessage } from './captured-message.ts';
import { captureHeaders } from './notify/capture-line.ts';
import type { Answer } from './notify/notifier.ts';

/** One recorded request. */
export interface CapturedNotification {
  /** Counts from 1. */
  readonly sequence: number;
  readonly at: number;
  readonly receiver: string;
  /** `webhook[0]`; `webhook` when the sender does not say. */
  readonly integration: string;
  /** The run that it belongs to, as the sender says. */
  readonly run: string | undefined;
  /** Which notification of the run's own dispatcher. */
  readonly notification: number | undefined;
  /** It prepares or follows the message and is not the message itself. */
  readonly aside: boolean;
  /** Where it would have gone; undefined when it was sent here. */
  readonly url: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed when it is JSON, else the text. */
  readonly body: unknown;
  /** What the body says, when it is Alertmanager's webhook. */
  readonly message: CapturedMessage | undefined;
  /** How it was answered; anything but 2xx means that the receiver did not take it. */
  readonly answer: { readonly status: number; readonly delayMs: number };
  /** Its file, relative to the folder; undefined without a folder. */
  readonly file: string | undefined;
}

export interface CaptureOptions {
  readonly spec: CaptureSpec;
  readonly clock: Clock;
  /** Where the files go; none are written without it. */
  readonly folder: string | undefined;
  /** Values that must not be written; looked at for each request, because more become known. */
  readonly secrets: Iterable<string>;
  /** Called once a notification is recorded, before it is answered. */
  onNotification(captured: CapturedNotification): void;
  /** A request that could not be recorded. */
  onError(reason: string): void;
}

export const captureLimits = {
  bodyBytesMax: 4 * 1024 * 1024,
  notificationsMax: 20_000,
  connectionsMax: 200,
  /** Some services want everything in the address, which stands in a header here. */
  headerBytesMax: 128 * 1024,
  requestTimeoutMs: 30_000,
} as const;

export class CaptureReceiver {
  readonly #options: CaptureOptions;
  readonly #server: Server;
  readonly #stopped = new AbortController();
  readonly #firstAt = new Map<string, number>();
  #sequence = 0;
  #refusedCount = 0;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.#server = createServer({ maxHeaderSize: captureLimits.headerBytesMax }, (request, response) => {
      this.#handle(request, response).catch((error: Error) => {
        options.onError(`a notification could not be captured: ${error.message}`);
        if (!response.headersSent) answer(response, 500, 'not captured');
        else response.destroy();
      });
    });
    this.#server.maxConnections = captureLimits.connectionsMax;
    this.#server.requestTimeout = captureLimits.requestTimeoutMs;
  }

  /** Throws FD407 and FD408. */
  async start(): Promise<void> {
    const { spec, folder } = this.#options;
    const { host, port } = listenAddress(spec.listen);
    if (!isLoopback(host) && !spec.token)
      throw UserError.of('FD407', `the capture receiver would listen on ${spec.listen} without a token`);
    if (folder !== undefined) await mkdir(folder, { recursive: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        reject(UserError.of('FD408', `the capture receiver cannot listen on ${spec.listen}: ${error.code}`));
      });
      this.#server.listen(port, host, resolve);
    });
  }

  /** Where a sender without headers of its own posts: the token is part of it. */
  get url(): URL {
    const { address, port, family } = this.#server.address() as AddressInfo;
    const any = address === '0.0.0.0' || address === '::';
    const host = any ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address;
    const { token } = this.#options.spec;
    return new URL(`http://${host}:${port}/${token ? `${encodeURIComponent(token)}/` : ''}`);
  }

  urlFor(receiver: string): URL {
    return new URL(`capture/${encodeURIComponent(receiver)}`, this.url);
  }

  /** Requests that were turned away: no token, too large, too many. */
  get refusedCount(): number {
    return this.#refusedCount;
  }

  /** Also gives up answers that are being delayed. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = this.#authorizedPath(request);
    if (path === undefined) return this.#refuse(request, response, 401, 'the token is missing or wrong');
    const isOurs = request.headers[captureHeaders.integration] !== undefined;
    if (request.method !== 'POST' && request.method !== 'PUT' && !(isOurs && request.method === 'GET'))
      return this.#refuse(request, response, 405, 'post notifications here');
    if (this.#sequence >= captureLimits.notificationsMax)
      return this.#refuse(request, response, 503, 'too many notifications');
    const text = await readBody(request);
    if (text === undefined) return this.#refuse(request, response, 413, 'too large');
    const captured = this.#captured(request, path, text);
    await this.#write(captured);
    this.#options.onNotification(captured);
    const { status, delayMs } = captured.answer;
    if (delayMs > 0) await this.#options.clock.sleep(delayMs, this.#stopped.signal);
    if (status >= 300) answer(response, status, 'answered as the drill says');
    else accept(response, acceptedAnswer(request) ?? { status, contentType: plainText, body: 'ok' });
  }

  /** The path behind the token; undefined without the right one. */
  #authorizedPath(request: IncomingMessage): string | undefined {
    const path = request.url ?? '/';
    const { token } = this.#options.spec;
    if (!token) return path;
    const [, first = '', ...rest] = path.split('/');
    if (sameText(decoded(first), token)) return `/${rest.join('/')}`;
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return bearer !== undefined && sameText(bearer, token) ? path : undefined;
  }

  #refuse(request: IncomingMessage, response: ServerResponse, status: number, reason: string): void {
    this.#refusedCount++;
    request.resume();
    answer(response, status, reason);
  }

  #captured(request: IncomingMessage, path: string, text: string): CapturedNotification {
    const { spec, clock } = this.#options;
    const secrets = [...this.#options.secrets, ...(spec.token ? [spec.token] : [])];
    const at = clock.now();
    const body = redactDeep(parsedBody(text), secrets);
    const message = readMessage(body);
    const receiver = receiverOfPath(path) ?? message?.receiver ?? 'unknown';
    const sequence = ++this.#sequence;
    const header = (name: string): string | undefined => {
      const value = request.headers[name];
      return typeof value === 'string' ? redact(value, secrets) : undefined;
    };
    return {
      sequence,
      at,
      receiver,
      integration: header(captureHeaders.integration) ?? 'webhook',
      run: header(captureHeaders.run),
      notification: numberOf(header(captureHeaders.notification)),
      aside: header(captureHeaders.aside) !== undefined,
      url: header(captureHeaders.url),
      method: request.method ?? 'POST',
      path: redact(path, secrets),
      headers: maskedHeaders(request, secrets),
      body,
      message,
      answer: this.#answerTo(receiver, at),
      file: this.#options.folder === undefined ? undefined : fileName(sequence, receiver),
    };
  }

  #answerTo(receiver: string, at: number): CapturedNotification['answer'] {
    const told = Object.hasOwn(this.#options.spec.answers, receiver)
      ? this.#options.spec.answers[receiver]
      : undefined;
    if (!told) return { status: 200, delayMs: 0 };
    const firstAt = this.#firstAt.get(receiver) ?? at;
    this.#firstAt.set(receiver, firstAt);
    const over = told.forMs !== undefined && at >= firstAt + told.forMs;
    return over ? { status: 200, delayMs: 0 } : { status: told.status, delayMs: told.delayMs };
  }

  async #write(captured: CapturedNotification): Promise<void> {
    const { folder } = this.#options;
    if (folder === undefined || captured.file === undefined) return;
    const { message: _, notification: __, file, ...written } = captured;
    await writeFile(join(folder, file), `${JSON.stringify(written, null, 2)}\n`, { flag: 'wx' });
  }
}

/** `host:port`; brackets around an IPv6 address. */
function listenAddress(listen: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw UserError.of('FD105', `${JSON.stringify(listen)} is not an address to listen on`, {
      expected: 'host:port, such as 127.0.0.1:9095',
    });
  return { host: match[1] ?? (match[2] === '' ? '0.0.0.0' : match[2]!), port };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** In a time that does not tell how much of it is right. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function receiverOfPath(path: string): string | undefined {
  const match = /^\/capture\/([^/?#]+)/.exec(path);
  return match ? decoded(match[1]!) : undefined;
}

/** Undefined when it is larger than the limit. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= captureLimits.bodyBytesMax) chunks.push(chunk);
  }
  return length <= captureLimits.bodyBytesMax ? Buffer.concat(chunks).toString('utf8') : undefined;
}

function parsedBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What stands in fields of its own, or is between us and ourselves. */
const ownHeaders: ReadonlySet<string> = new Set([
  captureHeaders.notification,
  captureHeaders.url,
  captureHeaders.aside,
  captureHeaders.answer,
]);

const secretHeader = /authorization|cookie|token|secret|api-?key|password|signature/i;

function maskedHeaders(request: IncomingMessage, secrets: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name]) => !ownHeaders.has(name))
      .map(([name, value]) => [name, secretHeader.test(name) ? redacted : redact(String(value), secrets)]),
  );
}

function fileName(sequence: number, receiver: string): string {
  const safe = receiver.replace(/[^A-Za-z0-9_.-]/g, '_').slice(0, 80);
  return `${String(sequence).padStart(4, '0')}-${safe}.json`;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const plainText = 'text/plain; charset=utf-8';

const acceptedSchema = z.object({
  status: z.int().min(200).max(299),
  contentType: z.string().regex(/^[\w.+/;= -]*$/),
  body: z.string(),
});

/** What the service would have answered, as the sender knows it. */
function acceptedAnswer(request: IncomingMessage): Answer | undefined {
  const encoded = request.headers[captureHeaders.answer];
  if (typeof encoded !== 'string') return undefined;
  const read = acceptedSchema.safeParse(parsedBody(Buffer.from(encoded, 'base64').toString('utf8')));
  return read.success ? read.data : undefined;
}

function accept(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType });
  response.end(status === 204 ? undefined : body);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': plainText });
  response.end(`${text}\n`);
}
