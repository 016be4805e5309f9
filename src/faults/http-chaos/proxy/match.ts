// Which messages a fault is about: all that it names must be so, as in Chaos Mesh.

import { matchesWildcards } from '../../wildcard.ts';
import type { HttpChaosSpec } from '../spec.ts';
import { type Field, type RequestHead, type ResponseHead, valuesOf } from './head.ts';
import { pathOf } from './uri.ts';

export function matchesRequest({ match }: HttpChaosSpec, request: RequestHead): boolean {
  return (
    (match.path === undefined || matchesWildcards(pathOf(request.uri), match.path)) &&
    (match.method === undefined || match.method === request.method) &&
    hasFields(request.fields, match.requestHeaders)
  );
}

export function matchesResponse(spec: HttpChaosSpec, request: RequestHead, response: ResponseHead): boolean {
  const { match } = spec;
  return (
    matchesRequest(spec, request) &&
    (match.code === undefined || match.code === response.code) &&
    hasFields(response.fields, match.responseHeaders)
  );
}

/** Each by name without case, and one of its values exactly. */
function hasFields(fields: readonly Field[], wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => valuesOf(fields, name).includes(value));
}
