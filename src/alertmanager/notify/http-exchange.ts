// What most services have in common: JSON that is posted, and an answer of which only the status counts.

import { createHash } from 'node:crypto';
import { goJson } from '../../rules/templates/json.ts';
import { type Answer, type Line, NotificationFailure, type OutgoingRequest } from './notifier.ts';

/** What a service says when nobody reads it. */
export const plainOk: Answer = { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' };

export function jsonAnswer(status: number, body: unknown): Answer {
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

export function jsonRequest(
  url: URL,
  body: unknown,
  accepted: Answer,
  more: Partial<Pick<OutgoingRequest, 'method' | 'headers' | 'aside'>> = {},
): OutgoingRequest {
  return {
    method: 'POST',
    url,
    ...more,
    headers: { 'content-type': 'application/json', ...more.headers },
    body: `${goJson(body)}\n`,
    accepted,
  };
}

const shownCharactersMax = 300;

/**
 * The answer when it is one of success. Server errors and the statuses `retried` are tried again; so are requests
 * without an answer.
 */
export async function exchange(
  request: OutgoingRequest,
  line: Line,
  retried: readonly number[] = [],
): Promise<Answer> {
  const answer = await line.send(request);
  if (answer.status >= 200 && answer.status < 300) return answer;
  const retry = answer.status >= 500 || retried.includes(answer.status);
  const said = answer.body.trim().slice(0, shownCharactersMax);
  throw new NotificationFailure(
    `unexpected status code ${answer.status}${said === '' ? '' : `: ${said}`}`,
    retry,
  );
}

/** The JSON of an answer; one that is none is tried again. */
export function readJson(answer: Answer, service: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(answer.body);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below, as for JSON of another shape.
  }
  throw new NotificationFailure(`the answer of ${service} is not JSON that we know`, true);
}

/** What services know a group by: the SHA-256 of its key, because they limit the length. */
export function groupHash(groupKey: string): string {
  return createHash('sha256').update(groupKey).digest('hex');
}

/** Without the fields that Go leaves out: empty texts, false, empty lists. */
export function omitEmpty<T extends Readonly<Record<string, unknown>>>(record: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(record).filter(([, value]) => {
      if (value === '' || value === false || value === undefined || value === null) return false;
      return !(Array.isArray(value) && value.length === 0);
    }),
  ) as Partial<T>;
}
