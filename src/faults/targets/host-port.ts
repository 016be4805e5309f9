import { isIPv6 } from 'node:net';
import { UserError } from '../../base/diagnostics.ts';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[IPv6]:port`; port 0, where allowed, means any free one. */
export function parseHostPort(text: string, allowAnyPort = false): HostPort {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const bracketsFit = match?.[1] === undefined || isIPv6(match[1]);
  if (host === undefined || !bracketsFit || port > 65_535 || (port === 0 && !allowAnyPort)) {
    throw UserError.of('FD670', `${JSON.stringify(text)} is not a host and port`, {
      expected: 'host:port, with a port from 1 to 65535',
    });
  }
  return { host, port };
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
