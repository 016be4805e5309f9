// Where the sockets of a redirect are opened: in our own network namespace, or by a helper of ours in that of a target.

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../../base/random.ts';
import type { Place } from '../network-chaos/namespace.ts';
import { localPortRange } from '../network-namespace/local-ports.ts';
import { Namespace } from '../network-namespace/namespace.ts';
import type { Call } from '../network-namespace/protocol.ts';
import type { HostPort } from '../targets/host-port.ts';
import type { ProcessId } from '../targets/target.ts';

export interface Network {
  readonly place: Place;
  /** Must end with the redirect: a lease ends it with the step `end-tree`. Undefined for our own namespace. */
  readonly helper: ProcessId | undefined;
  /** The group that only connections of ours from there have; undefined for our own namespace. */
  readonly group: number | undefined;
  /** First and last of the ports that the kernel gives to connections that name none. */
  readonly localPorts: readonly [number, number];
  /** A TCP server on every address, on a free port; it accepts half-open connections. */
  listen(): Promise<Server>;
  /** Rejects with the system's code. */
  connect(to: HostPort, from?: Call['from']): Promise<Socket>;
  /** Idempotent. */
  close(): Promise<void>;
}

const connectTimeoutMs = 5000;
/** Groups that nobody is given: useradd(8) stops long before, and mapped ones begin below. */
const groupsFirst = 2_000_000_000;
const groupsTried = 100_000_000;

export function groupOfNobody(random: Random): number {
  return groupsFirst + Math.floor(random() * groupsTried);
}

export async function openNetwork(place: Place, random: Random): Promise<Network> {
  if (place === undefined) return ownNetwork;
  const group = groupOfNobody(random);
  const inside = await Namespace.enter(place, group);
  return {
    place,
    helper: inside.helper,
    group,
    localPorts: inside.localPorts,
    listen: async () => {
      const server = await anyAddress((address) => inside.listen(address, 0));
      return Object.assign(server, { allowHalfOpen: true });
    },
    connect: ({ host, port }, from) => inside.connect(host, port, from),
    close: () => inside.close(),
  };
}

const ownNetwork: Network = {
  place: undefined,
  helper: undefined,
  group: undefined,
  get localPorts() {
    return localPortRange();
  },
  listen: () => anyAddress(listenHere),
  connect: connectHere,
  close: async () => {},
};

async function anyAddress(listen: (address: string) => Promise<Server>): Promise<Server> {
  // A kernel without IPv6 has no `::`.
  return await listen('::').catch(() => listen('0.0.0.0'));
}

async function listenHere(address: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, address);
  await once(server, 'listening');
  return server;
}

async function connectHere({ host, port }: HostPort, from: Call['from'] = {}): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true, ...from });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectTimeoutMs) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
