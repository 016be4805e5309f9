// What toxiproxy does around every request that has a route: a number for it, no browsers, a limit of time, and errors
// in its form.

import type { Clock } from '../../base/clock.ts';
import { type Answer, jsonType, text } from '../http/answer.ts';
import { HttpError } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import { type Handler, Router } from '../http/router.ts';
import { ProxyApiError } from './api-error.ts';

const requestMsMax = 25_000;

export class ProxyRouter extends Router {
  readonly #clock: Clock;
  readonly #startedMs: number;
  #requests = 0;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
    this.#startedMs = Math.floor(clock.now());
  }

  override add(methods: string, path: string, handler: Handler): void {
    super.add(methods, path, async (request) => {
      const answer = await this.#answer(handler, request);
      const id = `${this.#startedMs.toString(36)}-${(++this.#requests).toString(36)}`;
      return { ...answer, headers: { ...answer.headers, 'x-toxiproxy-request-id': id } };
    });
  }

  async #answer(handler: Handler, request: ApiRequest): Promise<Answer> {
    if (request.headers['user-agent']?.startsWith('Mozilla/')) return text(403, 'User agent not allowed\n');
    const done = new AbortController();
    const late = this.#clock.sleep(requestMsMax, done.signal).then(() => text(503, ''));
    try {
      return await Promise.race([errorsAsAnswers(handler, request), late]);
    } finally {
      done.abort();
    }
  }
}

async function errorsAsAnswers(handler: Handler, request: ApiRequest): Promise<Answer> {
  try {
    return await handler(request);
  } catch (error) {
    if (error instanceof ProxyApiError || error instanceof HttpError)
      return errorAnswer(error.message, error.status);
    throw error;
  }
}

export function errorAnswer(message: string, status: number): Answer {
  return { status, contentType: jsonType, body: `${JSON.stringify({ error: message, status })}\n` };
}
