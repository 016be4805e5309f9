// Connections that were open before a redirect are not led by it: address translation looks at the first packet only. So
// they are ended with `ss -K` (ss(8)), each when it is quiet, and their clients come back by the new way.

import { execFile } from 'node:child_process';
import { isIPv6 } from 'node:net';
import { promisify } from 'node:util';
import type { Clock } from '../../base/clock.ts';

const run = promisify(execFile);
const options = { env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin` } };

interface Peer {
  readonly address: string;
  readonly port: number;
  /** The server has answered the last that it got, and all of it has arrived. */
  readonly isQuiet: boolean;
}

const lookEveryMs = 25;
/** A client whose request crosses the end of its connection sees a reset; a pause makes that rare. */
const quietMsMin = 10;

/**
 * Ends the established connections of a listening port but for those that `spare` names: quiet ones at once, the
 * others when they become so, and after `patienceMs` all. Returns how many are still there.
 */
export async function endOldConnections(
  port: number,
  spare: (peer: { readonly address: string; readonly port: number }) => boolean,
  clock: Clock,
  patienceMs: number,
): Promise<number> {
  const look = async () => (await peersOf(port)).filter((peer) => !spare(peer));
  for (let waitedMs = 0; waitedMs <= patienceMs; waitedMs += lookEveryMs) {
    const peers = await look();
    if (peers.length === 0) return 0;
    const isLast = waitedMs + lookEveryMs > patienceMs;
    await end(
      port,
      peers.filter((peer) => peer.isQuiet || isLast),
    );
    await clock.sleep(lookEveryMs);
  }
  return (await look()).length;
}

/** Whether there is ss at all. */
export async function findsConnections(): Promise<boolean> {
  return run('ss', ['-V'], options).then(
    () => true,
    () => false,
  );
}

async function peersOf(port: number): Promise<Peer[]> {
  const { stdout } = await run('ss', ['-HtnOi', 'state', 'established', `( sport = :${port} )`], options);
  return stdout.split('\n').flatMap((line) => {
    // Recv-Q Send-Q Local Peer, then what TCP knows of it.
    const match = /^(\d+)\s+(\d+)\s+\S+\s+(?:\[([^\]]+)\]|([^\s:]+)):(\d+)\s(.*)$/.exec(line.trim());
    if (!match) return [];
    const [, received, unsent, address6, address4, peerPort, info = ''] = match;
    const since = (what: string) => Number(new RegExp(`\\b${what}:(\\d+)`).exec(info)?.[1] ?? 0);
    const isQuiet =
      received === '0' &&
      unsent === '0' &&
      since('lastsnd') <= since('lastrcv') &&
      since('lastsnd') >= quietMsMin;
    const address = (address6 ?? address4)!.replace(/^::ffff:(?=\d+\.)/, '');
    return [{ address, port: Number(peerPort), isQuiet }];
  });
}

async function end(port: number, peers: readonly Peer[]): Promise<void> {
  if (peers.length === 0) return;
  const each = peers.map(({ address, port: peerPort }) => {
    const host = isIPv6(address) ? `[${address}]` : address;
    return `( dst = ${host}:${peerPort} )`;
  });
  const filter = `( sport = :${port} ) and ( ${each.join(' or ')} )`;
  // It complains of sockets that were gone already; what counts is who is left.
  await run('ss', ['-K', '-Htn', 'state', 'established', filter], options).catch(() => {});
}
