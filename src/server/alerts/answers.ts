// Answers of Alertmanager's API v2: JSON with a line's end, errors either as a JSON string (of a handler) or as code and
// message (of the schema's check, whose codes from 600 on are answered with status 422).
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml

import { type Answer, jsonType } from '../http/answer.ts';

const headers = { 'cache-control': 'no-store' };

export function json(value: unknown, status = 200): Answer {
  return { status, contentType: jsonType, headers, body: `${JSON.stringify(value)}\n` };
}

/** All went well, and there is nothing to say; or what was asked for does not exist. */
export function empty(status: 200 | 404): Answer {
  return { status, contentType: jsonType, headers, body: '' };
}

/** A request that the API refuses; thrown where it is noticed. */
export class RefusedRequest extends Error {
  readonly answer: Answer;

  private constructor(message: string, answer: Answer) {
    super(message);
    this.name = 'RefusedRequest';
    this.answer = answer;
  }

  /** As a handler of Alertmanager says it. */
  static of(status: 400 | 404 | 500, message: string): RefusedRequest {
    return new RefusedRequest(message, json(message, status));
  }

  /** The body cannot be read as what it should be. */
  static unreadable(name: string, reason: string): RefusedRequest {
    return RefusedRequest.#coded(400, `parsing ${name} body from "" failed, because ${reason}`);
  }

  static missing(what: string): RefusedRequest {
    return RefusedRequest.#coded(602, `${what} is required`);
  }

  static notOfType(what: string, type: string, value: string): RefusedRequest {
    return RefusedRequest.#coded(601, `${what} must be of type ${type}: ${JSON.stringify(value)}`);
  }

  static tooFew(what: string): RefusedRequest {
    return RefusedRequest.#coded(612, `${what} should have at least 1 items`);
  }

  static mediaType(type: string): RefusedRequest {
    return RefusedRequest.#coded(
      415,
      `unsupported media type ${JSON.stringify(type)}, only [application/json] are allowed`,
    );
  }

  static #coded(code: number, message: string): RefusedRequest {
    return new RefusedRequest(message, json({ code, message }, code >= 600 ? 422 : code));
  }
}
