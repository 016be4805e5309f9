// The http provider: one request as Python's requests makes it, redirects followed. What is answered is the activity's
// output, whatever its status; only a request that gets no answer fails.

import { Agent, type Dispatcher } from 'undici';
import type { HttpProvider } from '../model.ts';
import { pythonText, substitute } from '../substitution.ts';
import { ActivityFailed, hasVariables, outputBytesMax, type ProviderContext } from './provider.ts';

export interface HttpOutput {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed, when it says that it is JSON. */
  readonly body: unknown;
}

const redirectsMax = 30;
/** Without a connection, nothing has reached the server: only then is a request made again. */
const retriable = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'],
  'UND_ERR_CONNECT_TIMEOUT',
]);
const tookTooLong = new Set([
  ...['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT'],
]);

export async function callHttp(provider: HttpProvider, context: ProviderContext): Promise<HttpOutput> {
  const request = requestOf(provider, context);
  const [connect, read] = timeoutsOf(provider, context);
  const agent = new Agent({
    connect: {
      rejectUnauthorized: provider.verify_tls ?? true,
      ...(connect === undefined ? {} : { timeout: connect }),
    },
    headersTimeout: read ?? 0,
    bodyTimeout: read ?? 0,
    pipelining: 0,
  });
  try {
    return await attempts(request, agent, provider.max_retries ?? 0, context);
  } finally {
    await agent.destroy();
  }
}

async function attempts(
  request: Request,
  agent: Agent,
  retries: number,
  context: ProviderContext,
): Promise<HttpOutput> {
  for (let retry = 0; ; retry++) {
    try {
      return await follow(request, agent, context.stop);
    } catch (error) {
      if (error instanceof ActivityFailed) throw error;
      if (context.stop.aborted) throw new ActivityFailed('the run was stopped');
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (retry < retries && retriable.has(code)) continue;
      throw new ActivityFailed(
        tookTooLong.has(code)
          ? 'activity took too long to complete'
          : `failed to connect to ${request.url}: ${message || code}`,
      );
    }
  }
}

interface Request {
  readonly url: URL;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

function requestOf(provider: HttpProvider, context: ProviderContext): Request {
  const { variables } = context;
  const written = pythonText(substitute(provider.url, variables));
  if (!URL.canParse(written) || !/^https?:/.test(written))
    throw new ActivityFailed(`${written} is no address of http or https`);
  const url = new URL(written);
  const method = (provider.method ?? 'GET').toUpperCase() as Dispatcher.HttpMethod;
  const headers = Object.fromEntries(
    Object.entries(substitute(provider.headers ?? {}, variables) as object).map(([name, value]) => [
      name,
      pythonText(value),
    ]),
  );
  const given = hasVariables(context) ? substitute(provider.arguments, variables) : provider.arguments;
  if (given === undefined || given === null) return { url, method, headers, body: null };
  if (method === 'GET') {
    for (const [name, value] of pairsOf(given)) url.searchParams.append(name, value);
    return { url, method, headers, body: null };
  }
  if (headers['Content-Type'] === 'application/json')
    return { url, method, headers, body: JSON.stringify(given) };
  if (typeof given === 'string') return { url, method, headers, body: given };
  const form = { 'Content-Type': 'application/x-www-form-urlencoded', ...headers };
  return { url, method, headers: form, body: new URLSearchParams(pairsOf(given)).toString() };
}

/** A list is a name several times; what is nothing is left out. */
function pairsOf(given: unknown): [string, string][] {
  if (typeof given === 'string') return [...new URLSearchParams(given)];
  return Object.entries(given as object).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== null)
      .map((each): [string, string] => [name, pythonText(each)]),
  );
}

/** To connect, and between two pieces of the answer; undefined: as long as it takes. */
function timeoutsOf(
  { timeout }: HttpProvider,
  { variables }: ProviderContext,
): [number | undefined, number | undefined] {
  const given = substitute(timeout, variables);
  const [connect, read] = Array.isArray(given) ? given : [given, given];
  const inMs = (value: unknown) => {
    if (value === undefined || value === null) return undefined;
    const seconds = Number(value);
    if (Number.isNaN(seconds)) throw new ActivityFailed(`${pythonText(value)} is no timeout in seconds`);
    return Math.max(1, seconds * 1000);
  };
  return [inMs(connect), inMs(read)];
}

async function follow(first: Request, agent: Agent, signal: AbortSignal): Promise<HttpOutput> {
  let request = first;
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    const answer = await ask(request, agent, signal);
    const location = redirecting.has(answer.status) ? headerOf(answer.headers, 'location') : undefined;
    if (location === undefined) return answer;
    request = redirected(request, answer.status, location);
  }
  throw new ActivityFailed(`${first.url} redirects more than ${redirectsMax} times`);
}

const redirecting = new Set([301, 302, 303, 307, 308]);

/** As requests does it: what was sent is dropped where browsers drop it, credentials at another host. */
function redirected(request: Request, status: number, location: string): Request {
  if (!URL.canParse(location, request.url.href))
    throw new ActivityFailed(`${request.url} redirects to ${location}, which is no address`);
  const url = new URL(location, request.url);
  const { method } = request;
  const asGet =
    method !== 'HEAD' && (status === 302 || status === 303 || (status === 301 && method === 'POST'));
  const dropped = new Set([
    ...(asGet ? ['content-type', 'content-length'] : []),
    ...(url.host === request.url.host ? [] : ['authorization']),
  ]);
  const headers = Object.entries(request.headers).filter(([name]) => !dropped.has(name.toLowerCase()));
  return {
    url,
    method: asGet ? 'GET' : method,
    headers: Object.fromEntries(headers),
    body: asGet ? null : request.body,
  };
}

async function ask(
  { url, method, headers, body }: Request,
  agent: Agent,
  signal: AbortSignal,
): Promise<HttpOutput> {
  const answer = await agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { 'User-Agent': 'firedrill', Accept: '*/*', ...headers },
    body,
    signal,
    responseHeaders: 'raw',
  });
  const text = await readText(answer.body);
  const named = headersOf(answer.headers as unknown as readonly (Buffer | string)[]);
  const isJson = headerOf(named, 'content-type') === 'application/json';
  return { status: answer.statusCode, headers: named, body: isJson ? parsed(text) : text };
}

function headerOf(headers: HttpOutput['headers'], wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > outputBytesMax) throw new ActivityFailed(`the answer has more than ${outputBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ActivityFailed(`the answer says that it is JSON, and is not: ${(error as Error).message}`);
  }
}

/** Names as the server writes them; values of one name are joined. */
function headersOf(raw: readonly (Buffer | string)[]): Record<string, string> {
  const named: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = String(raw[index]);
    const value = String(raw[index + 1]);
    named[name] = name in named ? `${named[name]}, ${value}` : value;
  }
  return named;
}
