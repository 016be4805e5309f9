// Without root: the target starts in a user, mount and network namespace of its own. There our server can have port
// 53 and resolv.conf can name it, but the target is cut off from the machine's network: from every port, address and
// abstract Unix socket that is not declared, and from UDP altogether. Hence only for targets that say what they need:
// `process.listens` and `process.connects` are led through (TCP). Unix sockets in the file system work as before.

import { readlink } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { FaultDriver, Usability } from '../../fault.ts';
import { findProgram } from '../../find-program.ts';
import { Namespace } from '../../network-namespace/namespace.ts';
import { formatHostPort, parseHostPort } from '../../targets/host-port.ts';
import type { ProcessId } from '../../targets/target.ts';
import { askUdp, type Endpoint } from '../forward.ts';
import { Inlets, type Outlet, openOutlets } from '../passages.ts';
import { addressInHosts } from '../resolver-files.ts';
import { mountCommand, writeResolverFiles } from '../resolver-mounts.ts';
import { type CommandTarget, type DnsRequest, type DnsRoute, firstAstray, routeDriver } from '../route.ts';
import { hostAddress } from '../server.ts';
import type { DnsChaosSpec } from '../spec.ts';
import {
  checkTimeoutMs,
  newServer,
  textOf,
  tryLaunch,
  type Upstreams,
  upstreamsOfMachine,
} from '../surroundings.ts';

/** Inside, the whole of 127.0.0.0/8 is free; this is where systemd-resolved would be. */
const door: Endpoint = { address: '127.0.0.53', port: 53 };

export function userNamespaceDriver(upstreams: Upstreams): FaultDriver<DnsChaosSpec> {
  return routeDriver({
    name: 'user-namespace',
    how:
      'inside a network namespace of the target (without root); it reaches only what listens and connects declare, ' +
      'by TCP',
    usability,
    open: (request, declared) => open(request, declared, upstreams),
  });
}

export const userNamespace = userNamespaceDriver(upstreamsOfMachine);

async function usability(request: DnsRequest, declared: CommandTarget): Promise<Usability> {
  if (declared.connects === undefined) {
    return {
      usable: false,
      reason: 'the target would be cut off from the network, and its needs are not declared',
      remedy: 'list the addresses that it connects to in process.connects ([] when there are none)',
    };
  }
  const remedy =
    'allow user namespaces (sysctl user.max_user_namespaces), and install unshare, nsenter and ip';
  if (!request.machine.canUserNamespace) {
    return { usable: false, reason: 'no right to make a user namespace', remedy };
  }
  try {
    const namespace = await Namespace.start({ prefix: [], addresses: [], onListening: () => {} });
    try {
      (await namespace.bindUdp(door.address, door.port)).close();
      const prefix = await enterPrefix(namespace, '/');
      const seen = await tryLaunch({ prefix, env: {} }, ['readlink', '/proc/self/ns/net']);
      const inside = await readlink(`/proc/${namespace.pid}/ns/net`);
      if ('failure' in seen) return { usable: false, reason: `no way in: ${seen.failure}`, remedy };
      if (seen.printed.trim() !== inside)
        return { usable: false, reason: 'nsenter does not lead inside', remedy };
      return { usable: true };
    } finally {
      await namespace.close();
    }
  } catch (error) {
    return { usable: false, reason: `no namespace: ${(error as Error).message}`, remedy };
  }
}

async function open(request: DnsRequest, declared: CommandTarget, upstreams: Upstreams): Promise<DnsRoute> {
  const plan = planOutlets(declared, await textOf('/etc/hosts'));
  const withOutlets = { ...declared, hosts: { ...plan.hosts, ...declared.hosts } };
  const inlets = new Inlets(declared.listens, (port) => connectInside(port));
  await inlets.check();
  const server = await newServer(withOutlets.hosts, upstreams, request);
  const namespace = await Namespace.start({
    prefix: await mountCommand(await writeResolverFiles(request.scratchFolder, door.address)),
    addresses: plan.addresses,
    onListening: (ports) => inlets.update(ports),
  });
  const connectInside = async (port: number) =>
    namespace.connect('127.0.0.1', port).catch(() => namespace.connect('::1', port));
  let closeOutlets = () => {};
  const close = async () => {
    inlets.close();
    closeOutlets();
    await Promise.all([server.close(), namespace.close()]);
  };
  try {
    server.serve(
      await namespace.bindUdp(door.address, door.port),
      await namespace.listen(door.address, door.port),
    );
    closeOutlets = await openOutlets(namespace, plan.outlets);
    return {
      server,
      launch: { prefix: await enterPrefix(namespace, declared.folder), env: {} },
      where: `DNS server at ${door.address}:53 in the network namespace of pid ${namespace.pid}`,
      ask: (query) => askFromInside(namespace, query),
      astray: (processes) => astray(processes, namespace, inlets),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface OutletPlan {
  readonly outlets: readonly Outlet[];
  /** Names that lead to an outlet and that only our server knows. */
  readonly hosts: Record<string, string>;
  /** Addresses that must exist inside for outlets to listen on. */
  readonly addresses: readonly string[];
}

/**
 * Where each declared address is found inside: an IP address where it is; a name where /etc/hosts or `hosts` puts it,
 * else on a loopback address of its own, which our server then gives for the name.
 */
export function planOutlets(declared: CommandTarget, etcHosts: string): OutletPlan {
  const outlets = new Map<string, Outlet>();
  const hosts: Record<string, string> = {};
  for (const text of declared.connects ?? []) {
    const to = parseHostPort(text);
    const known = isIP(to.host)
      ? to.host
      : (addressInHosts(etcHosts, to.host) ?? hostAddress(declared.hosts, to.host));
    if (known === undefined) hosts[to.host] ??= `127.254.0.${Object.keys(hosts).length + 1}`;
    const inside = { host: known ?? hosts[to.host]!, port: to.port };
    // What the target listens on itself, it reaches without us.
    if (isLoopback(inside.host) && declared.listens.includes(inside.port)) continue;
    outlets.set(formatHostPort(inside), { inside, to: { ...to, host: known ?? to.host } });
  }
  const list = [...outlets.values()];
  const addresses = list.map((outlet) => outlet.inside.host).filter((host) => !isLoopback(host));
  return { outlets: list, hosts, addresses };
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** Enters the namespaces, goes back to the folder (a change of mount namespace loses it), becomes the command. */
async function enterPrefix(namespace: Namespace, folder: string): Promise<string[]> {
  return [
    (await findProgram('nsenter')) ?? 'nsenter',
    ...['--target', String(namespace.pid), '--user', '--preserve-credentials', '--mount', '--net', '--'],
    ...['/bin/sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', folder],
  ];
}

async function askFromInside(namespace: Namespace, query: Buffer): Promise<Buffer | undefined> {
  if (namespace.ended) return undefined;
  const socket = await namespace.bindUdp('127.0.0.1', 0);
  return askUdp(query, door, checkTimeoutMs, socket);
}

async function astray(
  processes: readonly ProcessId[],
  namespace: Namespace,
  inlets: Inlets,
): Promise<string | undefined> {
  if (namespace.ended) return 'the helper in the network namespace has ended';
  if (inlets.blocked) return inlets.blocked;
  const inside = await readlink(`/proc/${namespace.pid}/ns/net`);
  return firstAstray(processes, async (pid) => {
    const theirs = await readlink(`/proc/${pid}/ns/net`);
    return theirs === inside ? undefined : `pid ${pid} is not in the network namespace`;
  });
}
