// What a fault changes of a message: first all that is replaced, then what is added, in Chaos Mesh's order.

import { STATUS_CODES } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { HttpChaosSpec } from '../spec.ts';
import {
  type Field,
  type RequestHead,
  type ResponseHead,
  valuesOf,
  withField,
  withoutFields,
} from './head.ts';
import { withMoreQueries, withPath, withQueries } from './uri.ts';

/** Bodies that are patched are held whole; one that is larger, packed or unpacked, passes unchanged. */
export const bodyBytesMax = 16 * 1024 * 1024;

export function changeRequest(head: RequestHead, { replace, patch }: HttpChaosSpec): RequestHead {
  let { uri } = head;
  if (replace.path !== undefined) uri = withPath(uri, octets(replace.path));
  if (replace.queries) uri = withQueries(uri, replace.queries);
  uri = withMoreQueries(uri, patch.queries ?? []);
  return {
    ...head,
    uri,
    method: replace.method ?? head.method,
    fields: changeFields(head.fields, replace.headers, patch.headers),
  };
}

export function changeResponse(head: ResponseHead, { replace, patch }: HttpChaosSpec): ResponseHead {
  const fields = changeFields(head.fields, replace.headers, patch.headers);
  if (replace.code === undefined) return { ...head, fields };
  return { ...head, code: replace.code, reason: STATUS_CODES[replace.code] ?? '', fields };
}

function changeFields(
  fields: readonly Field[],
  replaced: Readonly<Record<string, string>> = {},
  added: readonly Field[] = [],
): readonly Field[] {
  let changed = fields;
  for (const [name, value] of Object.entries(replaced)) changed = withField(changed, name, octets(value));
  return [...changed, ...added.map(([name, value]) => [name, octets(value)] as const)];
}

/** Heads are held as one character an octet; what the file says is UTF-8. */
function octets(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function changesBody({ replace, patch }: HttpChaosSpec): boolean {
  return replace.body !== undefined || patch.body !== undefined;
}

/** The new content, or undefined when the old one cannot be patched: it is no JSON, or packed in a way not known. */
export async function changeBody(
  content: Buffer,
  fields: readonly Field[],
  { replace, patch }: HttpChaosSpec,
): Promise<Buffer | undefined> {
  const before = replace.body === undefined ? await unpack(content, fields) : Buffer.from(replace.body);
  if (!patch.body || before === undefined) return before;
  try {
    const merged = mergePatch(JSON.parse(before.toString('utf8')), JSON.parse(patch.body.value));
    return Buffer.from(JSON.stringify(merged));
  } catch {
    return undefined;
  }
}

/** The fields of a message whose body is now this long and not packed. */
export function fieldsOfBody(fields: readonly Field[], bytes: number): Field[] {
  return withField(
    withoutFields(fields, 'transfer-encoding', 'content-encoding', 'trailer'),
    'Content-Length',
    `${bytes}`,
  );
}

const unpackers = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

async function unpack(content: Buffer, fields: readonly Field[]): Promise<Buffer | undefined> {
  const encoding = valuesOf(fields, 'content-encoding').join(',').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return content;
  if (!Object.hasOwn(unpackers, encoding)) return undefined;
  const options = { maxOutputLength: bodyBytesMax };
  return unpackers[encoding as keyof typeof unpackers](content, options).catch(() => undefined);
}

/** RFC 7396, section 2. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
