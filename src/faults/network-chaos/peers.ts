// The other side of the line, with names resolved and targets asked where they listen.

import { lookup } from 'node:dns/promises';
import { parseHostPort } from '../targets/host-port.ts';
import type { TargetHandle } from '../targets/target.ts';
import type { ExternalTarget, Peer } from './external-target.ts';
import { networkOf } from './namespace.ts';
import { socketsOf } from './sockets.ts';
import type { Scope } from './spec.ts';

/** Undefined when the fault is not narrowed to anybody; throws when somebody cannot be found. */
export async function peersOf(
  scope: Scope,
  targets: readonly TargetHandle[] | undefined,
): Promise<Peer[] | undefined> {
  if (scope.externalTargets.length === 0 && targets === undefined) return undefined;
  const external = await Promise.all(scope.externalTargets.map(resolve));
  const declared = await Promise.all((targets ?? []).map(doorsOf));
  return [...external, ...declared].flat();
}

async function resolve({ host, isName, port }: ExternalTarget): Promise<Peer[]> {
  if (!isName) return [{ address: host, port }];
  return (await addressesOf(host)).map((address) => ({ address, port }));
}

async function addressesOf(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true }).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${name} cannot be resolved: ${error.code}`);
  });
  return [...new Set(found.map(({ address }) => address))];
}

/** Where a target is reached: a process where it listens, a proxy where it listens, a container at its addresses. */
async function doorsOf(target: TargetHandle): Promise<Peer[]> {
  const doors = await openDoorsOf(target);
  if (doors.length === 0)
    throw new Error(`target ${target.name} is nowhere to be reached: it listens on no port`);
  return doors;
}

async function openDoorsOf(target: TargetHandle): Promise<Peer[]> {
  switch (target.type) {
    case 'proxy': {
      const { host, port } = parseHostPort(target.address);
      return (await addressesOf(host)).map((address) => ({ address, port }));
    }
    case 'host':
      return [{ address: 'local', port: undefined }];
    case 'process': {
      const pids = (await target.processes()).map(({ pid }) => pid);
      if (pids.some((pid) => networkOf(pid) !== networkOf('self')))
        throw new Error(
          `target ${target.name} is in another network namespace: name its address in externalTargets`,
        );
      return socketsOf(pids).doors.map(({ address, port }) => ({ address: address ?? 'local', port }));
    }
    case 'container': {
      const networks = Object.values((await target.inspect())?.NetworkSettings.Networks ?? {});
      return networks
        .flatMap(({ IPAddress, GlobalIPv6Address }) => [IPAddress, GlobalIPv6Address])
        .flatMap((address) => (address ? [{ address, port: undefined }] : []));
    }
  }
}
