// Who may ask. A server on loopback without a token is open to this machine's programs, but not to web pages that its
// browsers show: those reach loopback too, by a name that resolves there or by sending forms across.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { ApiError } from './api-error.ts';

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Throws an ApiError when the request is not to be answered. */
export function checkAccess(headers: IncomingHttpHeaders, token: string | undefined): void {
  if (token !== undefined) {
    const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];
    if (given === undefined || !equal(given, token))
      throw new ApiError('unauthorized', 'a bearer token is required');
    return;
  }
  const host = hostOf(headers.host ?? '');
  if (!isLoopback(host))
    throw new ApiError('forbidden', `this server does not answer to the name ${shown(host)}`);
  const { origin } = headers;
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === headers.host))
    throw new ApiError('forbidden', 'requests of other web pages are not answered');
}

/** Takes the same time wherever the texts differ. */
function equal(given: string, token: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function hostOf(header: string): string {
  return header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

function shown(host: string): string {
  return JSON.stringify(host.slice(0, 60));
}
