// `externalTargets`: the other side of a line that is no target of the experiment. An address, a block of addresses or
// a host name, each with or without a port: `8.8.8.8`, `10.0.0.0/8:22`, `example.com:443`, `[2001:db8::1]:80`.

import { isIP, isIPv4, isIPv6 } from 'node:net';

export interface ExternalTarget {
  /** An address, a block in CIDR notation, or a host name. */
  readonly host: string;
  readonly isName: boolean;
  readonly port: number | undefined;
}

/** The other side, with every name resolved: any address when `address` is undefined, any port when `port` is. */
export interface Peer {
  /** An address or a block in CIDR notation; `local` for the addresses of the target's own machine. */
  readonly address: string | 'local' | undefined;
  readonly port: number | undefined;
}

const hostName =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i;

/** Undefined when the text is none. */
export function parseExternalTarget(text: string): ExternalTarget | undefined {
  if (isIPv6(text) || isBlock(text, isIPv6, 128)) return { host: text, isName: false, port: undefined };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (match === null || host === undefined) return undefined;
  const port = match[3] === undefined ? undefined : Number(match[3]);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (match[1] !== undefined && !isIPv6(host) && !isBlock(host, isIPv6, 128)) return undefined;
  if (isIP(host) !== 0 || isBlock(host, isIPv4, 32) || isBlock(host, isIPv6, 128))
    return { host, isName: false, port };
  // What looks like an address but is none must not be asked for by name.
  return hostName.test(host) && !/^[\d.]+$/.test(host) ? { host, isName: true, port } : undefined;
}

function isBlock(text: string, isAddress: (text: string) => boolean, bitsMax: number): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  return rest.length === 0 && isAddress(address) && /^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax;
}
