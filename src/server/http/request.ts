// A request as the handlers see it: parameters of the address and of a form in one, and the body within its limit.

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ApiError, HttpError } from './api-error.ts';

/** Of a form: room for any expression that a person or a dashboard writes. */
const formBytesMax = 4 * 1024 * 1024;

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parts of the path that the route leaves open. */
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly parameters: URLSearchParams;
  /** The client has gone, or the server stops. */
  readonly signal: AbortSignal;
  /** The body as it came, at most this many bytes; rejects with an HttpError of status 413. */
  body(bytesMax: number): Promise<Buffer>;
}

/** Parameters of the address first, then those of a POST form, as `r.FormValue` of Go sees them the other way round. */
export async function readParameters(request: IncomingMessage, url: URL): Promise<URLSearchParams> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (request.method !== 'POST' || type !== 'application/x-www-form-urlencoded') return url.searchParams;
  let form: Buffer;
  try {
    form = await readBody(request, formBytesMax);
  } catch (error) {
    if (error instanceof HttpError)
      throw new ApiError('bad_data', `error parsing form values: ${error.message}`);
    throw error;
  }
  // A form's value wins over the address's, so it stands first.
  return new URLSearchParams([...new URLSearchParams(form.toString()), ...url.searchParams]);
}

export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length']);
  if (declared > bytesMax) throw tooLarge(bytesMax);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function tooLarge(bytesMax: number): HttpError {
  return new HttpError(413, `http: request body too large: more than ${bytesMax} bytes`);
}
