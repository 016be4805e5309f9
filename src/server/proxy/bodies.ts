// The bodies of requests. As Go's decoder does it for toxiproxy: keys in any case, unknown ones left out, null as if it
// were not there, and what follows the first value is not read.

import { z } from 'zod';
import { parseDuration } from '../../base/duration.ts';
import type { Protocol, Stream, ToxicType } from '../../faults/toxics/toxic.ts';
import { badBody, invalidStream } from './api-error.ts';

const proxySchema = z.object({
  name: z.string().optional(),
  listen: z.string().optional(),
  upstream: z.string().optional(),
  enabled: z.boolean().optional(),
  protocol: z.enum(['tcp', 'udp']).optional(),
});

export interface ProxyBody {
  readonly name?: string | undefined;
  readonly listen?: string | undefined;
  readonly upstream?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly protocol?: Protocol | undefined;
}

export function proxyBody(body: Buffer): ProxyBody {
  return parsed(proxySchema, lowerKeys(json(body)));
}

export function proxiesBody(body: Buffer): readonly ProxyBody[] {
  const list = json(body);
  if (list === null) return [];
  if (!Array.isArray(list)) throw badBody('expected an array of proxies');
  return list.map((entry) => parsed(proxySchema, lowerKeys(entry)));
}

/** Milliseconds, or a duration such as 30s; 0 is for ever. */
const ttl = z.union([z.int().min(0), z.string()]).transform((value, context) => {
  const ms = typeof value === 'number' ? value : parseDuration(value);
  if (ms !== undefined && ms >= 0 && ms < 2 ** 31) return ms;
  context.addIssue({
    code: 'custom',
    message: 'expected milliseconds or a duration such as 30s, up to 24 days',
  });
  return z.NEVER;
});

const toxicSchema = z.object({
  name: z.string().optional(),
  type: z.string().optional(),
  stream: z.string().optional(),
  toxicity: z.number().min(0).max(1).optional(),
  attributes: z.record(z.string(), z.unknown()).optional(),
  ttl: ttl.optional(),
});

export interface ToxicBody {
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly stream?: string | undefined;
  readonly toxicity?: number | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds. */
  readonly ttl?: number | undefined;
}

export function toxicBody(body: Buffer): ToxicBody {
  return parsed(toxicSchema, lowerKeys(json(body)));
}

export function streamOf(text: string): Stream {
  const stream = (text === '' ? 'downstream' : text).toLowerCase();
  if (stream === 'upstream' || stream === 'downstream') return stream;
  throw invalidStream();
}

/** The attributes with those that are given in place of the present ones. */
export function attributesOf(type: ToxicType, present: object, given: ToxicBody['attributes'] = {}): object {
  return parsed(type.schema, { ...present, ...(lowerKeys(given) as object) }, 'attributes');
}

function json(body: Buffer): unknown {
  const text = body.toString();
  if (text.trim() === '') throw badBody('EOF');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw badBody((error as Error).message);
  }
}

function lowerKeys(value: unknown): unknown {
  if (value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(entries.map(([key, each]) => [key.toLowerCase(), each]));
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, ...within: string[]): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(({ path, message }) => {
    const place = [...within, ...path].join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  throw badBody(mistakes.join('; '));
}
