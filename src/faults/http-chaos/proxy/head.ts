// The head of an HTTP/1 message (RFC 9112, sections 2 to 5): start line and header fields, kept as they were written, so
// that what is not changed goes on byte for byte.

import type { ByteSource } from './bytes.ts';

export type Field = readonly [name: string, value: string];

/** Fields in their order; names as they were written. */
export interface RequestHead {
  readonly method: string;
  /** The request target as it was written: `/path?query`, or absolute. */
  readonly uri: string;
  readonly version: string;
  readonly fields: readonly Field[];
}

export interface ResponseHead {
  readonly version: string;
  readonly code: number;
  readonly reason: string;
  readonly fields: readonly Field[];
}

/** Servers refuse heads above 8 to 64 KB; one that is larger passes unread. */
const headBytesMax = 64 * 1024;
const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) (\S+) (HTTP\/1\.[01])$/;
const statusLine = /^(HTTP\/1\.[01]) (\d{3})(?: (.*))?$/;
const requestStart = /^(?:\r\n)*[!#$%&'*+.^_`|~0-9A-Za-z-]{0,32}(?: [\x21-\x7e]*(?: [^\r\n]*)?)?\r?$/;

/**
 * The next head as it came, with its empty line, taken from the source; undefined when the source ends before one
 * begins; `foreign` when what comes is no head of ours (another protocol, or too large), and then nothing is taken.
 */
export async function takeHead(source: ByteSource): Promise<Buffer | 'foreign' | undefined> {
  for (;;) {
    const end = headEnd(source.buffered);
    if (end !== undefined) return source.take(end);
    if (source.buffered.length > headBytesMax || !mayBeHead(source.buffered)) return 'foreign';
    if (await source.more()) continue;
    return source.buffered.length === 0 ? undefined : 'foreign';
  }
}

/** Empty lines before a request are allowed (RFC 9112, section 2.2) and belong to its head here. */
function headEnd(bytes: Buffer): number | undefined {
  let start = 0;
  while (bytes[start] === 13 && bytes[start + 1] === 10) start += 2;
  const end = bytes.indexOf('\r\n\r\n', start, 'latin1');
  return end < 0 ? undefined : end + 4;
}

function mayBeHead(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, headBytesMax).replace(/^(?:\r\n)+/, '');
  const lineEnd = text.indexOf('\r\n');
  if (lineEnd < 0) return requestStart.test(text);
  const line = text.slice(0, lineEnd);
  return requestLine.test(line) || statusLine.test(line);
}

/** Undefined when it is no HTTP/1 request, such as the preface of HTTP/2. */
export function parseRequest(head: Buffer): RequestHead | undefined {
  const { start, fields } = split(head);
  const match = requestLine.exec(start);
  return match && fields ? { method: match[1]!, uri: match[2]!, version: match[3]!, fields } : undefined;
}

export function parseResponse(head: Buffer): ResponseHead | undefined {
  const { start, fields } = split(head);
  const match = statusLine.exec(start);
  if (!match || !fields) return undefined;
  return { version: match[1]!, code: Number(match[2]), reason: match[3] ?? '', fields };
}

// Octets are kept as they are: latin1 is the one encoding in which each stands for itself.
function split(head: Buffer): { start: string; fields: Field[] | undefined } {
  const text = head.toString('latin1').replace(/^(?:\r\n)+/, '');
  const [start = '', ...lines] = text.slice(0, -4).split('\r\n');
  const fields: Field[] = [];
  for (const line of lines) {
    const colon = line.indexOf(':');
    // A folded line, or no field at all: whoever writes this is not to be understood half.
    if (colon <= 0 || /\s/.test(line.slice(0, colon))) return { start, fields: undefined };
    fields.push([line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]);
  }
  return { start, fields };
}

export function writeRequest({ method, uri, version, fields }: RequestHead): Buffer {
  return writeHead(`${method} ${uri} ${version}`, fields);
}

export function writeResponse({ version, code, reason, fields }: ResponseHead): Buffer {
  return writeHead(`${version} ${code} ${reason}`, fields);
}

function writeHead(start: string, fields: readonly Field[]): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${start}\r\n${lines.join('')}\r\n`, 'latin1');
}

/** Every value of a field, in order. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  const wanted = name.toLowerCase();
  return fields.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value);
}

export function withoutFields(fields: readonly Field[], ...names: readonly string[]): Field[] {
  return fields.filter(([name]) => !names.includes(name.toLowerCase()));
}

/** In the place of the first field of that name, else at the end; further ones go. */
export function withField(fields: readonly Field[], name: string, value: string): Field[] {
  const wanted = name.toLowerCase();
  const at = fields.findIndex(([each]) => each.toLowerCase() === wanted);
  if (at < 0) return [...fields, [name, value]];
  const rest = fields.filter(([each], index) => index === at || each.toLowerCase() !== wanted);
  return rest.map((field) => (field[0].toLowerCase() === wanted ? [field[0], value] : field));
}
