// Request targets (RFC 9112, section 3.2) and what may be changed of them; everything else stays as it was written.

interface Parts {
  /** Scheme and authority of the absolute form; empty otherwise. */
  readonly origin: string;
  readonly path: string;
  /** Without its question mark; undefined when there is none. */
  readonly query: string | undefined;
}

function split(uri: string): Parts {
  const origin = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?]*/.exec(uri)?.[0] ?? '';
  const rest = uri.slice(origin.length);
  const mark = rest.indexOf('?');
  return mark < 0
    ? { origin, path: rest, query: undefined }
    : { origin, path: rest.slice(0, mark), query: rest.slice(mark + 1) };
}

function join({ origin, path, query }: Parts): string {
  return origin + path + (query === undefined ? '' : `?${query}`);
}

/** `/` for an absolute form without a path. */
export function pathOf(uri: string): string {
  return split(uri).path || '/';
}

export function withPath(uri: string, path: string): string {
  return join({ ...split(uri), path: path.startsWith('/') ? path : `/${path}` });
}

/** Each name given has the one value given: in the place of its first pair, else at the end. */
export function withQueries(uri: string, queries: Readonly<Record<string, string>>): string {
  const parts = split(uri);
  const left = new Map(Object.entries(queries));
  const pairs = (parts.query ?? '').split('&').filter(Boolean);
  const kept = pairs.flatMap((pair) => {
    const name = new URLSearchParams(pair).keys().next().value ?? '';
    if (!Object.hasOwn(queries, name)) return [pair];
    const value = left.get(name);
    left.delete(name);
    return value === undefined ? [] : [written(name, value)];
  });
  const added = [...left].map(([name, value]) => written(name, value));
  return join({ ...parts, query: [...kept, ...added].join('&') });
}

/** Adds pairs at the end, whether or not their names are there. */
export function withMoreQueries(uri: string, queries: readonly (readonly [string, string])[]): string {
  if (queries.length === 0) return uri;
  const parts = split(uri);
  const added = queries.map(([name, value]) => written(name, value));
  return join({ ...parts, query: [...(parts.query ? [parts.query] : []), ...added].join('&') });
}

function written(name: string, value: string): string {
  return new URLSearchParams([[name, value]]).toString();
}
