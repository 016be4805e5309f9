// With the right to mount: the target starts in a mount namespace of its own, whose resolv.conf names our server on
// port 53 of a loopback address. Both kinds of resolver follow it, in any language, and nothing else of the machine
// is touched. The mounts end with the namespace, and that with its last process.

import { readFile, readlink } from 'node:fs/promises';
import type { Random } from '../../../base/random.ts';
import type { FaultDriver, Usability } from '../../fault.ts';
import { findProgram } from '../../find-program.ts';
import type { Launch } from '../../targets/target.ts';
import { inTrialFolder } from '../../trial-folder.ts';
import { openStandardPort } from '../doors.ts';
import { askUdp } from '../forward.ts';
import { mountCommand, writeResolverFiles } from '../resolver-mounts.ts';
import { type DnsRequest, type DnsRoute, firstAstray, routeDriver } from '../route.ts';
import type { DnsChaosSpec } from '../spec.ts';
import { checkTimeoutMs, newServer, tryLaunch, type Upstreams, upstreamsOfMachine } from '../surroundings.ts';

export function mountNamespaceDriver(upstreams: Upstreams): FaultDriver<DnsChaosSpec> {
  return routeDriver({
    name: 'mount-namespace',
    how: 'which a resolv.conf names that only the target sees (a mount namespace of its own)',
    usability,
    async open(request, declared) {
      const doors = await openStandardPort(request.random);
      const server = await newServer(declared.hosts, upstreams, request);
      server.serve(doors.udp, doors.tcp);
      try {
        return {
          server,
          launch: await launchWith(request.scratchFolder, doors.address),
          where: `DNS server at ${doors.address}:53`,
          ask: (query) => askUdp(query, doors, checkTimeoutMs),
          astray: (processes) => firstAstray(processes, (pid) => look(pid, doors.address)),
          close: () => server.close(),
        } satisfies DnsRoute;
      } catch (error) {
        await server.close();
        throw error;
      }
    },
  });
}

export const mountNamespace = mountNamespaceDriver(upstreamsOfMachine);

async function usability({ machine, random }: DnsRequest): Promise<Usability> {
  const remedy = 'run as root with CAP_SYS_ADMIN, with unshare and mount (util-linux) installed';
  if (!machine.canMount) return { usable: false, reason: 'no right to mount', remedy };
  const closed = await standardPortIsClosed(random);
  if (closed) return closed;
  return await inTrialFolder<Usability>(async (folder) => {
    const address = '127.0.0.53';
    const seen = await tryLaunch(await launchWith(folder, address), ['cat', '/etc/resolv.conf']);
    if ('failure' in seen) {
      return { usable: false, reason: `no private resolv.conf: ${seen.failure}`, remedy };
    }
    if (!seen.printed.startsWith(`nameserver ${address}\n`)) {
      return { usable: false, reason: 'a mounted resolv.conf is not what a new process reads', remedy };
    }
    return { usable: true };
  });
}

async function standardPortIsClosed(random: Random): Promise<Usability | undefined> {
  try {
    const doors = await openStandardPort(random);
    doors.udp.close();
    doors.tcp.close();
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = `port 53 cannot be opened on a loopback address (${message})`;
    const taken = code === 'EADDRINUSE';
    const remedy = taken
      ? 'let the DNS server that listens on 0.0.0.0:53 listen on its own address only'
      : 'run as root, or with CAP_NET_BIND_SERVICE';
    return { usable: false, reason, remedy };
  }
}

async function launchWith(folder: string, address: string): Promise<Launch> {
  const unshare = (await findProgram('unshare')) ?? 'unshare';
  const pairs = await writeResolverFiles(folder, address);
  return {
    prefix: [unshare, '--mount', '--propagation', 'private', '--', ...(await mountCommand(pairs))],
    env: {},
  };
}

/** Reads the file back through the process's own root, where its mounts apply. */
async function look(pid: number, address: string): Promise<string | undefined> {
  const namespaces = [await readlink(`/proc/${pid}/ns/mnt`), await readlink('/proc/self/ns/mnt')];
  if (namespaces[0] === namespaces[1]) return `pid ${pid} has no mount namespace of its own`;
  const resolvConf = await readFile(`/proc/${pid}/root/etc/resolv.conf`, 'utf8');
  const ours = resolvConf.startsWith(`nameserver ${address}\n`);
  return ours ? undefined : `pid ${pid} reads a resolv.conf that does not name ${address}`;
}
