// From method and path to a handler. Routes are few, so they are tried one after the other.

import type { Answer } from './answer.ts';
import type { ApiRequest } from './request.ts';

export type Handler = (request: ApiRequest) => Answer | Promise<Answer>;

interface Route {
  readonly methods: readonly string[];
  /** As it was added: what requests are counted under. */
  readonly path: string;
  readonly segments: readonly string[];
  readonly handler: Handler;
}

export type Found =
  | {
      readonly handler: Handler;
      readonly route: string;
      readonly pathParameters: Readonly<Record<string, string>>;
    }
  | 'unknown path'
  | 'wrong method';

export class Router {
  readonly #routes: Route[] = [];

  /** A segment such as `:name` stands for any one segment, which the handler finds in `pathParameters`. */
  add(methods: string, path: string, handler: Handler): void {
    this.#routes.push({ methods: methods.split(' '), path, segments: path.split('/'), handler });
  }

  find(method: string, path: string): Found {
    const written = path.split('/');
    let known = false;
    for (const { methods, path: route, segments, handler } of this.#routes) {
      const pathParameters = match(segments, written);
      if (!pathParameters) continue;
      if (methods.includes(method)) return { handler, route, pathParameters };
      known = true;
    }
    return known ? 'wrong method' : 'unknown path';
  }
}

function match(segments: readonly string[], written: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== written.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [i, segment] of segments.entries()) {
    if (!segment.startsWith(':')) {
      if (segment !== written[i]) return undefined;
      continue;
    }
    const value = decoded(written[i]!);
    if (value === undefined || value === '') return undefined;
    parameters[segment.slice(1)] = value;
  }
  return parameters;
}

/** Undefined when the escapes are not valid. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
