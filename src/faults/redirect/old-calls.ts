import { socketsOf } from '../network-chaos/sockets.ts';
import type { Ends } from './old-connections.ts';

/** Tells the connections to a port that these processes have now from those that they make later. */
export function oldCallsOf(pids: readonly number[], port: number): (ends: Ends) => boolean {
  const keyOf = (address: string, localPort: number) => `${address} ${localPort}`;
  const calls = socketsOf(pids).connections.filter(({ remote }) => remote.port === port);
  const old = new Set(calls.map(({ local }) => keyOf(local.address, local.port)));
  return ({ local }) => old.has(keyOf(local.host, local.port));
}
