// Where neither the kernel's disciplines nor a packet queue are to be had: new connections to the target's TCP ports are
// led to a proxy of ours, which does to their bytes what happens to packets elsewhere.

import { UserError } from '../../../base/diagnostics.ts';
import type { ActiveFault, DriverPlan, ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { toEndConnections, whyNotEnded } from '../../redirect/old-connections.ts';
import { canRedirect } from '../../redirect/probe.ts';
import type { Direction } from '../../targets/target.ts';
import { describeOnStreams, disturbancesOf, whyNotOnStreams } from '../on-streams.ts';
import { type NetworkRequest, packetTargetOf, placeOfTarget } from '../packets.ts';
import { DisturbedPort, type ListeningPort } from '../port-proxy.ts';
import { notForThis, unusable } from '../reach.ts';
import { socketsOf } from '../sockets.ts';
import type { NetworkChaosSpec } from '../spec.ts';

/** Ports of one target that are led to us: each has a table and a server of its own. */
const portsMax = 16;

export const redirect: FaultDriver<NetworkChaosSpec> = {
  name: 'redirecting-proxy',
  targets: ['process', 'container'],
  probe,
  plan,
  // Two redirects of one port would lead each other's connections round in a circle.
  takes: async ({ target }) => [
    { what: `the connections to target ${target.name}`, sharedBy: 'NetworkChaos' },
  ],
  // The holder of each table gets into the lease before there is a table.
  undoSteps: async () => [],
  inject,
};

async function probe(request: NetworkRequest): Promise<Usability> {
  const { spec, machine, declared } = request;
  const reason = whyNotOnStreams(spec);
  if (reason !== undefined) return notForThis(reason, 'see the others');
  if (request.peers || spec.externalTargets.length > 0 || spec.device !== undefined)
    return unusable('it leads whoever comes to the target', 'leave out target, externalTargets and device');
  if (machine.uid !== 0) return unusable('a redirect is for root', 'run as root (CAP_NET_ADMIN)');
  if (declared.type !== 'command') {
    const listening = await listeningNow(request);
    if (listening.length === 0)
      return unusable(
        `the target listens on no TCP port${spec.ports.length > 0 ? ` of ${spec.ports.join(', ')}` : ''}`,
        'name the process that listens',
      );
    if (listening.length > portsMax)
      return unusable(`the target listens on ${listening.length} ports`, 'name some of them in ports');
  }
  const redirects = await canRedirect();
  const notEnded = redirects.usable ? await whyNotEnded() : undefined;
  return notEnded === undefined ? redirects : unusable(notEnded, toEndConnections);
}

/** Seen from the target: it sends answers and receives requests. */
const streams: Readonly<Record<Direction, Direction>> = { to: 'from', from: 'to', both: 'both' };
const names: Readonly<Record<Direction, string>> = {
  to: 'requests',
  from: 'answers',
  both: 'requests and answers',
};

function plan({ spec, durationMs }: NetworkRequest): DriverPlan {
  const ports = spec.ports.length > 0 ? `ports ${spec.ports.join(', ')}` : 'the TCP ports';
  return {
    ...describeOnStreams(disturbancesOf(spec, streams[spec.direction]), names, durationMs),
    how:
      `in a proxy of our own, to which nftables leads connections to ${ports} of the target; those that are open ` +
      'before are ended (ss). Neither UDP nor what the target connects to itself is touched',
    undo: 'the redirect is removed, what was held goes on, and connections through the proxy end when they are quiet',
    survivesCrash: 'nothing: the redirect ends with Firedrill, and connections through the proxy break',
  };
}

async function inject(
  request: NetworkRequest,
  _prepared: unknown,
  extend: ExtendLease,
): Promise<ActiveFault> {
  const place = await placeOfTarget(request);
  const listening = await listeningNow(request);
  if (listening.length === 0)
    throw UserError.of('FD662', `${request.name}: target ${request.target.name} listens on no TCP port`);
  const what = disturbancesOf(request.spec, streams[request.spec.direction]);
  const ports: DisturbedPort[] = [];
  try {
    for (const each of listening) ports.push(await DisturbedPort.disturb(request, place, each, what, extend));
  } catch (error) {
    for (const port of ports) await port.end();
    throw error;
  }
  return activeFault(ports);
}

function activeFault(ports: readonly DisturbedPort[]): ActiveFault {
  let ended: Promise<unknown> | undefined;
  return {
    hits: () => ports.reduce((sum, port) => sum + port.hits, 0),
    async missing() {
      for (const port of ports) {
        const reason = await port.missing();
        if (reason !== undefined) return reason;
      }
      return undefined;
    },
    async undo() {
      ended ??= Promise.all(ports.map((port) => port.end()));
      await ended;
    },
    async verifyUndone() {
      const outcomes = await Promise.all(ports.map((port) => port.verifyEnded()));
      const left = outcomes.flatMap((outcome) => ('left' in outcome ? [outcome.left] : []));
      if (left.length > 0) return { undone: false, left };
      const evidence = outcomes.flatMap((outcome) => ('evidence' in outcome ? [outcome.evidence] : []));
      return { undone: true, evidence: evidence.join('; ') };
    },
  };
}

/** The TCP ports of the target that the fault is about; none before it was started. */
async function listeningNow(request: NetworkRequest): Promise<ListeningPort[]> {
  const pids = (await packetTargetOf(request).processes()).map(({ pid }) => pid);
  const wanted = request.spec.ports;
  const addresses = new Map<number, Set<string>>();
  for (const { protocol, port, address } of socketsOf(pids).doors) {
    if (protocol !== 'tcp' || (wanted.length > 0 && !wanted.includes(port))) continue;
    const known = addresses.get(port) ?? new Set<string>();
    addresses.set(port, known.add(address ?? '::'));
  }
  return [...addresses].map(([port, each]) => ({ port, addresses: [...each] }));
}
