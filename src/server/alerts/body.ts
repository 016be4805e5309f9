// The bodies of API v2: JSON of a known shape, with the complaints that Alertmanager has about them.

import type { LabelRecord } from '../../base/labels.ts';
import type { ApiRequest } from '../http/request.ts';
import { RefusedRequest } from './answers.ts';

/** `name` is what the body is called in complaints. */
export async function readJson(request: ApiRequest, name: string, bytesMax: number): Promise<unknown> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw RefusedRequest.mediaType(type ?? 'application/octet-stream');
  const text = (await request.body(bytesMax)).toString('utf8');
  if (text.trim() === '') throw RefusedRequest.missing(`${name} in body`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw RefusedRequest.unreadable(name, (error as Error).message);
  }
}

/** The fields of one object of a body, read by their types. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #body: string;
  /** Before a field's name in complaints: `matchers.0.`. */
  readonly #path: string;

  constructor(value: unknown, body: string, path = '') {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw RefusedRequest.unreadable(body, `${path.slice(0, -1) || 'it'} is no object`);
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#body = body;
    this.#path = path;
  }

  /** What a missing field is answered with. */
  missing(name: string): RefusedRequest {
    return RefusedRequest.missing(`${this.#path}${name} in body`);
  }

  text(name: string): string | undefined {
    return this.#typed(name, 'string');
  }

  flag(name: string): boolean | undefined {
    return this.#typed(name, 'boolean');
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined || Array.isArray(value)) return value;
    throw this.#wrong(name, 'a list');
  }

  /** Unix milliseconds; undefined also for the year 1, which is how Go writes no time. */
  time(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined || text === '') return undefined;
    const ms = rfc3339.test(text) ? Date.parse(text.replace(' ', 'T')) : Number.NaN;
    if (Number.isNaN(ms)) throw this.#wrong(name, `a time such as 2026-11-20T12:00:00Z`);
    return ms === goZeroTimeMs ? undefined : ms;
  }

  texts(name: string): LabelRecord | undefined {
    const value = this.#values[name] ?? undefined;
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value)) throw this.#wrong(name, 'an object of strings');
    for (const each of Object.values(value as object))
      if (typeof each !== 'string') throw this.#wrong(name, 'an object of strings');
    return value as LabelRecord;
  }

  #typed(name: string, type: 'string'): string | undefined;
  #typed(name: string, type: 'boolean'): boolean | undefined;
  #typed(name: string, type: 'string' | 'boolean'): string | boolean | undefined {
    const value = this.#values[name] ?? undefined;
    const is = typeof value;
    if (value === undefined || is === type) return value as string | boolean | undefined;
    throw this.#wrong(name, `a ${type}`);
  }

  #wrong(name: string, expected: string): RefusedRequest {
    return RefusedRequest.unreadable(this.#body, `${this.#path}${name} is not ${expected}`);
  }
}

const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const goZeroTimeMs = Date.parse('0001-01-01T00:00:00Z');
