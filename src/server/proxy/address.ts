// Addresses as toxiproxy takes and shows them: host:port, an empty host for all of this machine's, `udp://` before
// those of UDP. Errors have the texts of Go's net package, which client libraries show.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { formatHostPort, type HostPort } from '../../faults/targets/host-port.ts';
import type { Protocol } from '../../faults/toxics/toxic.ts';

/** What stands in front of the address, and the rest. */
export function splitProtocol(text: string): { readonly protocol?: Protocol; readonly address: string } {
  const match = /^(tcp|udp):\/\/(.*)$/s.exec(text);
  return match ? { protocol: match[1] as Protocol, address: match[2]! } : { address: text };
}

export function showAddress(protocol: Protocol, address: HostPort): string {
  return protocol === 'udp' ? `udp://${formatHostPort(address)}` : formatHostPort(address);
}

/** Throws an Error in Go's words. */
export function parseAddress(text: string): HostPort {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (!match) {
    const colons = text.split(':').length - 1;
    const reason =
      colons > 1 && !text.startsWith('[') ? 'too many colons in address' : 'missing port in address';
    throw new Error(`address ${text}: ${reason}`);
  }
  const host = match[1] ?? match[2]!;
  const port = Number(match[3]);
  if (!/^\d+$/.test(match[3]!) || port > 65_535) throw new Error(`address ${match[3]}: invalid port`);
  return { host, port };
}

/** The address to listen on: a number for a name, all addresses for none. Rejects with an Error in Go's words. */
export async function resolveListen(text: string): Promise<HostPort> {
  // Without any address there is nobody to be reached by others.
  if (text === '') return { host: '127.0.0.1', port: 0 };
  const { host, port } = parseAddress(text);
  if (host === '') return { host: '::', port };
  if (isIP(host)) return { host, port };
  try {
    return { host: (await lookup(host, { verbatim: false })).address, port };
  } catch {
    throw new Error(`lookup ${host}: no such host`);
  }
}

const systemErrors: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EACCES: 'permission denied',
  EADDRNOTAVAIL: 'cannot assign requested address',
};

/** What Go would have said when it could not listen. */
export function listenErrorText(protocol: Protocol, address: HostPort, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return `listen ${protocol} ${formatHostPort(address)}: bind: ${systemErrors[code ?? ''] ?? message}`;
}
