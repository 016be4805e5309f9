// Whether the packets of a target can be found on this machine, tried before anything is touched; and the look
// afterwards, by a request of our own.

import { connect } from 'node:net';
import type { Usability } from '../fault.ts';
import { group2Of, nftMatch, whyNotBelow } from '../kernel/cgroup2.ts';
import { kernelName } from '../kernel/nft-table.ts';
import { devicesAt, placeOf, runApart } from './namespace.ts';
import { type NetworkRequest, ownsNamespace, type PacketTarget, packetTargetOf } from './packets.ts';
import { peersOf } from './peers.ts';
import { chainsOf, groupRules, type Selection } from './selection.ts';
import { socketsOf } from './sockets.ts';

const asRoot = 'run as root (CAP_NET_ADMIN and CAP_SYS_ADMIN), or put a proxy target before it';

export function unusable(reason: string, remedy: string): Usability {
  return { usable: false, reason, remedy };
}

/** For what a driver is not made for: others are, and need not be told of it. */
export function notForThis(reason: string, remedy: string): Usability {
  return { usable: false, reason, remedy, otherTarget: true };
}

/** Undefined when the packets of the target can be told from others by nftables here. */
export async function whyNotFound(request: NetworkRequest): Promise<Usability | undefined> {
  const { machine, spec } = request;
  const target = packetTargetOf(request);
  if (machine.uid !== 0) return unusable('the packet filter is for root', asRoot);
  const pids = (await target.processes()).map(({ pid }) => pid);
  const found = placeOf(pids);
  if (found === 'several')
    return unusable(
      'its processes are in several network namespaces',
      'name one of them as a target of its own, by its pid',
    );
  // A program that Firedrill starts later is in our own namespace.
  if (found === 'none' && !['command', 'host'].includes(request.declared.type))
    return unusable('the target has no process', 'start it first');
  const place = found === 'none' ? undefined : found.place;
  const { device } = spec;
  const devices = devicesAt(place);
  if (device !== undefined && !devices.includes(device))
    return unusable(`there is no network device ${device}`, `name one of ${devices.join(', ')}`);
  try {
    await peersOf(spec, undefined);
  } catch (error) {
    return unusable((error as Error).message, 'correct the name in externalTargets, or write the address');
  }
  return target.type === 'host' || ownsNamespace(target, place)
    ? undefined
    : await whyNoGroup(target, pids[0] ?? process.pid);
}

/** The match for a group of ours below that of the process, which is tried and removed again. */
async function whyNoGroup(target: PacketTarget, pid: number): Promise<Usability | undefined> {
  if (target.type === 'container')
    return unusable(
      'the container uses the network of the machine',
      'name its process as a target, by its pid',
    );
  const group = group2Of(pid);
  const reason = group
    ? await whyNotBelow(group, kernelName(), (made) => tryRules(selectionRules(nftMatch(made))))
    : 'there are no control groups of version 2 below /sys/fs/cgroup';
  return reason === undefined
    ? undefined
    : unusable(reason, 'mount cgroup2 there, writable, and install nftables, on Linux 5.13 or later');
}

/** A name of ours, in a namespace where there is nobody else. */
export const trialTable = 'firedrill_trial';

/** Every expression that a selection can hold. */
function selectionRules(groupMatch: string): string[] {
  const selection: Selection = {
    table: trialTable,
    scope: { direction: 'both', target: undefined, externalTargets: [], ports: [1], device: 'lo' },
    peers: [{ address: 'local', port: 1 }],
    whole: undefined,
    spared: [22],
  };
  return [...chainsOf(selection, { out: [], in: [] }), ...groupRules(selection, [groupMatch])];
}

/** Undefined when a table of ours can hold these statements of nft(8); else what nft says. */
export async function tryRules(statements: readonly string[]): Promise<string | undefined> {
  const lines = [`table inet ${trialTable} { flags owner; }`, ...statements].map((each) => `add ${each}\n`);
  return await runApart(['nft', '-f', '-'], lines.join('')).then(
    () => undefined,
    (error: Error) => error.message.replace(/^\S*Error: /, ''),
  );
}

const connectTimeoutMs = 2000;

/** A connection to a port on which the target listens, in our network namespace: `a connection to …`, or undefined. */
export async function knock(request: NetworkRequest): Promise<string | undefined> {
  const door = await tcpDoorOf(request);
  if (!door) return undefined;
  const host = door.address ?? '127.0.0.1';
  const since = performance.now();
  const error = await tryToConnect(host, door.port);
  const took = Math.round(performance.now() - since);
  const name = `${host.includes(':') ? `[${host}]` : host}:${door.port}`;
  return error === undefined
    ? `a new connection to ${name} came to be in ${took} ms`
    : `a new connection to ${name}: ${error} after ${took} ms`;
}

/** On the machine itself it is the first of the ports that are meant. */
async function tcpDoorOf(
  request: NetworkRequest,
): Promise<{ readonly address?: string | undefined; readonly port: number } | undefined> {
  const target = packetTargetOf(request);
  const [port] = request.spec.ports;
  if (target.type === 'host') return port === undefined ? undefined : { port };
  const pids = (await target.processes()).map(({ pid }) => pid);
  const found = placeOf(pids);
  if (typeof found === 'string' || found.place !== undefined) return undefined;
  return socketsOf(pids).doors.find(({ protocol }) => protocol === 'tcp');
}

function tryToConnect(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs });
    const finish = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => finish(undefined));
    socket.once('timeout', () => finish('no answer'));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}
