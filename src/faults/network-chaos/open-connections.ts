// Connections that are open when a fault begins, and that it is meant to break: the packet filter answers their next
// packet, which an idle one may never send, and an ICMP error ends no connection that is open (RFC 5461).

import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Ends, endConnections, whyNotEnded } from '../redirect/old-connections.ts';
import type { HostPort } from '../targets/host-port.ts';
import type { Peer } from './external-target.ts';
import { type NetworkRequest, packetTargetOf, placeOfTarget } from './packets.ts';
import { peersOf } from './peers.ts';
import { socketsOf } from './sockets.ts';

/** Ends those of the target that the fault is about, where ss can; returns how many are gone. */
export async function endOpenConnections(request: NetworkRequest): Promise<number> {
  // On the machine itself, one of them may be that of whoever is watching.
  if (request.target.type === 'host' || (await whyNotEnded()) !== undefined) return 0;
  const place = await placeOfTarget(request);
  const before = await openConnections(request);
  await endConnections(place, before);
  const left = new Set((await openConnections(request)).map((each) => JSON.stringify(each)));
  return before.filter((each) => !left.has(JSON.stringify(each))).length;
}

async function openConnections(request: NetworkRequest): Promise<Ends[]> {
  const { spec } = request;
  const pids = (await packetTargetOf(request).processes()).map(({ pid }) => pid);
  const peers = await peersOf(spec, request.peers);
  return socketsOf(pids)
    .connections.filter(({ protocol }) => protocol === 'tcp')
    .map(({ local, remote }) => ({
      local: { host: local.address, port: local.port },
      remote: { host: remote.address, port: remote.port },
    }))
    .filter(({ local, remote }) => {
      const onPorts =
        spec.ports.length === 0 || [local, remote].some(({ port }) => spec.ports.includes(port));
      return onPorts && (peers === undefined || peers.some((peer) => isPeer(peer, remote)));
    });
}

function isPeer({ address, port }: Peer, remote: HostPort): boolean {
  if (port !== undefined && port !== remote.port) return false;
  return address === undefined || blockOf(address).check(remote.host, familyOf(remote.host));
}

function blockOf(address: string): BlockList {
  const block = new BlockList();
  const [net = '', bits] = address.split('/');
  if (address === 'local') {
    block.addSubnet('127.0.0.0', 8, 'ipv4');
    block.addAddress('::1', 'ipv6');
    for (const each of Object.values(networkInterfaces()).flat())
      if (each) block.addAddress(each.address, familyOf(each.address));
  } else if (bits === undefined) block.addAddress(net, familyOf(net));
  else block.addSubnet(net, Number(bits), familyOf(net));
  return block;
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
