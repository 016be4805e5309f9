// The sockets that a target holds already when a fault begins, as the packet filter has to know them: a socket that
// was opened before its process was moved into a control group of ours is not matched by the group.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Of the table that /proc/PID/net has for each protocol and family. */
type Protocol = 'tcp' | 'udp';

/** A local address that takes packets from anybody: a listening TCP socket, a UDP socket that is not connected. */
interface Door {
  readonly protocol: Protocol;
  /** Undefined for any address. */
  readonly address: string | undefined;
  readonly port: number;
}

/** One connection. */
interface Connection {
  readonly protocol: Protocol;
  readonly local: { readonly address: string; readonly port: number };
  readonly remote: { readonly address: string; readonly port: number };
}

export interface Sockets {
  readonly doors: readonly Door[];
  readonly connections: readonly Connection[];
}

/** What these processes hold, which share one network namespace. Processes that we may not look into hold nothing. */
export function socketsOf(pids: readonly number[]): Sockets {
  const inodes = new Set(pids.flatMap(inodesOf));
  const doors: Door[] = [];
  const connections: Connection[] = [];
  if (inodes.size === 0) return { doors, connections };
  for (const protocol of ['tcp', 'udp'] as const) {
    for (const { local, remote, inode } of pids.length > 0 ? entriesOf(pids[0]!, protocol) : []) {
      if (!inodes.has(inode)) continue;
      if (remote.port !== 0) connections.push({ protocol, local, remote });
      else if (local.port !== 0)
        doors.push({ protocol, port: local.port, address: isAny(local.address) ? undefined : local.address });
    }
  }
  return { doors, connections };
}

function inodesOf(pid: number): string[] {
  return list(`/proc/${pid}/fd`).flatMap((descriptor) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

function* entriesOf(pid: number, protocol: Protocol) {
  for (const file of [protocol, `${protocol}6`]) {
    for (const line of read(`/proc/${pid}/net/${file}`).split('\n').slice(1)) {
      // sl local remote state tx:rx tr:when retransmits uid timeout inode (proc(5)).
      const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
      if (local && remote && inode) yield { local: endOf(local), remote: endOf(remote), inode };
    }
  }
}

/** `0100007F:1F90`: 32-bit words in the octet order of the machine (little-endian here), and the port. */
function endOf(text: string): { readonly address: string; readonly port: number } {
  const [hex = '', port = ''] = text.split(':');
  const octets = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((octet) => Number.parseInt(octet, 16)),
  );
  return { address: addressOf(octets), port: Number.parseInt(port, 16) };
}

function addressOf(octets: readonly number[]): string {
  if (octets.length === 4) return octets.join('.');
  // ::ffff:a.b.c.d, an IPv4 packet to a socket of both families.
  const isMapped =
    octets.slice(0, 10).every((octet) => octet === 0) && octets[10] === 255 && octets[11] === 255;
  if (isMapped) return octets.slice(12).join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((octets[2 * index]! << 8) | octets[2 * index + 1]!).toString(16),
  );
  return groups.join(':');
}

function isAny(address: string): boolean {
  return address === '0.0.0.0' || address === '0:0:0:0:0:0:0:0';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
