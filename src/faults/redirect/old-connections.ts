// Connections that were open before a redirect are not led by it: address translation looks at the first packet only. So
// they are ended with `ss -K` (ss(8)), each when it is quiet, and their clients come back by the new way.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, isIPv6 } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { runTool } from '../kernel/qdisc.ts';
import type { Place } from '../network-chaos/namespace.ts';
import type { HostPort } from '../targets/host-port.ts';

/** The two ends of a connection, as the side knows them whose sockets are ended. */
export interface Ends {
  readonly local: HostPort;
  readonly remote: HostPort;
}

export interface OldConnections {
  readonly place: Place;
  /** Whose port it is: `local` for those that a target accepted, `remote` for those that it made. */
  readonly side: 'local' | 'remote';
  readonly port: number;
  /** Which of the established connections of the port are to be ended. */
  isMeant(ends: Ends): boolean;
}

interface Open extends Ends {
  /** Nobody is owed an answer, and all that was sent has arrived. */
  readonly isQuiet: boolean;
}

const lookEveryMs = 25;
/** A client whose request crosses the end of its connection sees a reset; a pause makes that rare. */
const quietMsMin = 10;

/**
 * Ends the connections that are meant: quiet ones at once, the others when they become so, and after `patienceMs` all.
 * Returns how many are still there.
 */
export async function endOldConnections(
  old: OldConnections,
  clock: Clock,
  patienceMs: number,
): Promise<number> {
  const look = async () => (await openOf(old)).filter((ends) => old.isMeant(ends));
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += lookEveryMs) {
    const open = await look();
    if (open.length === 0) return 0;
    const isLast = waitedMs + lookEveryMs > patienceMs;
    await endConnections(
      old.place,
      open.filter(({ isQuiet }) => isQuiet || isLast),
    );
    await clock.sleep(lookEveryMs);
  }
  return (await look()).length;
}

let trial: Promise<string | undefined> | undefined;

/** Undefined when ss can end connections here, found out once with one of our own; else why not. */
export function whyNotEnded(): Promise<string | undefined> {
  trial ??= tryToEnd();
  return trial;
}

/** What ss says counts for nothing: without the kernel's CONFIG_INET_DIAG_DESTROY it passes sockets over in silence. */
async function tryToEnd(): Promise<string | undefined> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1').on('error', () => {});
  try {
    await once(client, 'connect');
    const [local, remote] = [
      { host: '127.0.0.1', port: client.localPort! },
      { host: '127.0.0.1', port },
    ];
    await runTool(undefined, ['ss', '-V']);
    await endConnections(undefined, [{ local, remote }]);
    const filter = `( sport = :${local.port} and dport = :${port} )`;
    const left = await runTool(undefined, ['ss', ...established, filter]);
    return left.trim() === '' ? undefined : 'ss -K ends no connection';
  } catch (error) {
    return `no ss: ${(error as Error).message}`;
  } finally {
    client.destroy();
    server.close();
  }
}

export const toEndConnections =
  'run as root with iproute2 installed, on a kernel with CONFIG_INET_DIAG_DESTROY';

const established = ['-Htn', 'state', 'established'] as const;

async function openOf({ place, side, port }: OldConnections): Promise<Open[]> {
  const filter = `( ${side === 'local' ? 'sport' : 'dport'} = :${port} )`;
  const listing = await runTool(place, ['ss', '-Oi', ...established, filter]);
  return listing.split('\n').flatMap((line) => {
    // Recv-Q Send-Q Local Peer, then what TCP knows of it.
    const match = /^(\d+)\s+(\d+)\s+(\S+):(\d+)\s+(\S+):(\d+)\s(.*)$/.exec(line.trim());
    if (!match) return [];
    const [, received, unsent, local, localPort, remote, remotePort, info = ''] = match;
    const since = (what: string) => Number(new RegExp(`\\b${what}:(\\d+)`).exec(info)?.[1] ?? 0);
    // A server is quiet when it has spoken last, a client when it has heard last.
    const [answer, question] = side === 'local' ? ['lastsnd', 'lastrcv'] : ['lastrcv', 'lastsnd'];
    const isQuiet =
      received === '0' &&
      unsent === '0' &&
      since(answer!) <= since(question!) &&
      since(answer!) >= quietMsMin;
    return [{ local: endOf(local!, localPort!), remote: endOf(remote!, remotePort!), isQuiet }];
  });
}

function endOf(address: string, port: string): HostPort {
  const host = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  return { host: host.replace(/^::ffff:(?=\d+\.)/, ''), port: Number(port) };
}

/** At once, whatever they are doing; both ends see them break. */
export async function endConnections(place: Place, connections: readonly Ends[]): Promise<void> {
  if (connections.length === 0) return;
  const written = ({ host, port }: HostPort) => `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const each = connections.map(
    ({ local, remote }) => `( src = ${written(local)} and dst = ${written(remote)} )`,
  );
  // It complains of sockets that were gone already; what counts is who is left.
  await runTool(place, ['ss', '-K', ...established, each.join(' or ')]).catch(() => {});
}
