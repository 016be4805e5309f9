// On containers: in their network namespace nftables leads what is sent to port 53, by IPv4 and IPv6, to sockets that a
// helper of ours opens there, and that our DNS server answers. Nothing in the container is touched, whatever resolver it has.

import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import type { ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { countersOf, NftTable } from '../../kernel/nft-table.ts';
import { Namespace } from '../../network-namespace/namespace.ts';
import { groupOfNobody } from '../../redirect/network.ts';
import {
  forgetZone,
  notInZone,
  zoneChains,
  zoneOfAnswers,
  zoneRules,
  zoneTrial,
} from '../../redirect/own-zone.ts';
import { canRedirect, inOtherNetwork } from '../../redirect/probe.ts';
import { containerOf, runningContainer } from '../../targets/container/fault.ts';
import { forbidden, unseen } from '../../targets/container/process-view.ts';
import { type AskUpstream, askTcp, askUdp, type Endpoint } from '../forward.ts';
import { answered, type Led, LedTargets } from '../led.ts';
import { checkQuery, rcodeName, readAnswer } from '../message.ts';
import { nameservers } from '../resolver-files.ts';
import { type DnsRequest, whatOf } from '../route.ts';
import { DnsServer } from '../server.ts';
import type { DnsChaosSpec } from '../spec.ts';
import { checkTimeoutMs, textOf, upstreamTimeoutMs } from '../surroundings.ts';

const dnsPort = 53;
const ruleName = 'redirected';
/** Before Docker's own translation for the name server that it embeds at 127.0.0.11, which is at -100. */
const priority = -110;

export const container: FaultDriver<DnsChaosSpec> = {
  name: 'container',
  targets: ['container'],
  probe,
  plan: (request) => ({
    ...whatOf(request),
    how: "from a DNS server of Firedrill's own, to which nftables leads port 53 in the container's network namespace",
    undo: 'the redirect is removed',
    survivesCrash: 'nothing: the redirect and the server end with Firedrill',
  }),
  // The holder of the table gets into the lease before there is a table.
  undoSteps: async () => [],
  inject: (request, _prepared, extend) => targets.inject(request, extend),
};

async function probe(request: DnsRequest): Promise<Usability> {
  const running = await runningContainer(request);
  if (!running.usable) return running;
  const target = containerOf(request);
  const pids = (await target.processes()).map(({ pid }) => pid);
  if (pids.length === 0) return unseen(target);
  if (request.machine.uid !== 0) return forbidden(target);
  if (!inOtherNetwork(pids))
    return {
      usable: false,
      reason: 'the container uses the network of the machine',
      remedy: 'name its process as a target, by its pid',
    };
  return await canRedirect('', zoneTrial);
}

const targets = new LedTargets(open);

async function open(request: DnsRequest, extend: ExtendLease): Promise<Led> {
  const [first] = await containerOf(request).processes();
  if (!first) throw new Error(`container ${containerOf(request).container.name} does not run any more`);
  const group = groupOfNobody(request.random);
  const inside = await Namespace.enter(first.pid, group);
  let table: NftTable | undefined;
  try {
    table = await NftTable.start(first.pid);
    const holders = [table.holder, inside.helper].filter((process) => process !== undefined);
    await extend(holders.map((process) => ({ type: 'end-tree', process })));
    const upstreams = nameservers(await textOf(`/proc/${first.pid}/root/etc/resolv.conf`));
    const ask = askFrom(inside);
    const { random, clock } = request;
    const server = new DnsServer({ hosts: {}, upstreams, upstreamTimeoutMs, random, clock, ask });
    await table.create([
      `chain inet ${table.name} output { type nat hook output priority ${priority}; policy accept; }`,
      ...zoneChains(table.name),
      ...rulesOf(table.name, group, await openDoors(inside, server)),
    ]);
    return ledBy({ server, inside, table, upstreams }, clock);
  } catch (error) {
    await table?.close();
    await inside.close();
    throw error;
  }
}

interface Door {
  readonly family: 'ipv4' | 'ipv6';
  readonly port: number;
}

/** On both loopback addresses; there may be no IPv6. */
async function openDoors(inside: Namespace, server: DnsServer): Promise<Door[]> {
  const doors: Door[] = [];
  for (const [family, address] of [['ipv4', '127.0.0.1'] as const, ['ipv6', '::1'] as const]) {
    const udp = await inside.bindUdp(address, 0).catch((error: NodeJS.ErrnoException) => {
      if (family === 'ipv6' && ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(error.code ?? '')) return undefined;
      throw error;
    });
    if (!udp) continue;
    const { port } = udp.address();
    server.serve(udp, await inside.listen(address, port));
    doors.push({ family, port });
  }
  return doors;
}

/** Our queries that see whether the redirect works come from here; it is led like what the container sends. */
const checkSource = '127.83.68.53';

/** What our server asks itself has a group that nobody else has, and goes its way. */
function rulesOf(table: string, group: number, doors: readonly Door[]): string[] {
  const rule = `rule inet ${table} output`;
  const own = [`meta skgid ${group} ip saddr != ${checkSource}`, `meta skgid ${group} meta nfproto ipv6`];
  const led = doors.map(({ family, port }) => {
    return { match: `meta nfproto ${family}`, port: dnsPort, toPort: port };
  });
  return [
    ...own.flatMap((match) => [`${rule} ${match} accept`, notInZone(table, match)]),
    ...led.map(
      ({ match, port, toPort }) =>
        `${rule} ${match} meta l4proto { tcp, udp } th dport ${port} ` +
        `counter redirect to :${toPort} comment "${ruleName}"`,
    ),
    ...zoneRules(table, led),
    ...doors.map(({ port }) => zoneOfAnswers(table, port)),
  ];
}

/** The container's own name servers, asked from where it is: they may be reached from nowhere else. */
function askFrom(inside: Namespace): AskUpstream {
  return async (query, transport, upstream, timeoutMs) => {
    const { address, port } = upstream;
    if (transport === 'tcp') {
      const socket = await inside.connect(address, port).catch(() => undefined);
      return socket && (await askTcp(query, upstream, timeoutMs, socket));
    }
    const anywhere = isIPv6(address) ? '::' : '0.0.0.0';
    const socket = await inside.bindUdp(anywhere, 0).catch(() => undefined);
    return socket && (await askUdp(query, upstream, timeoutMs, socket));
  };
}

interface Parts {
  readonly server: DnsServer;
  readonly inside: Namespace;
  readonly table: NftTable;
  readonly upstreams: readonly Endpoint[];
}

function ledBy(parts: Parts, clock: Clock): Led {
  const { server, inside, table } = parts;
  const where = `nftables table ${table.name}`;
  let found: Promise<string> | undefined;
  return {
    server,
    where: 'DNS server in the network namespace of the container',
    // To an address where nobody answers but by the redirect: the way that the container's own queries go.
    ask: async (query) =>
      await askUdp(
        query,
        { address: '127.0.0.53', port: dnsPort },
        checkTimeoutMs,
        await inside.bindUdp(checkSource, 0),
      ),
    astray: async () =>
      table.ended || !countersOf(await table.list()).has(ruleName) ? `the ${where} is gone` : undefined,
    async end() {
      // An answer that is under way finds its way back only while the table is there.
      if (!table.ended) await table.apply([`flush chain inet ${table.name} output`, forgetZone(table.name)]);
      await answered(server, clock);
      await table.close();
      await server.close();
    },
    async verifyEnded(name) {
      if (!table.ended) return { undone: false, left: [`${where}: end process ${table.holder.pid}`] };
      found ??= lookUp(name, parts).finally(() => inside.close());
      return { undone: true, evidence: `the ${where} is gone with its holder; ${await found}` };
    },
  };
}

/** A query as the container would send it, after the redirect; what it came to. */
async function lookUp(name: string, { inside, upstreams }: Parts): Promise<string> {
  const [upstream] = upstreams;
  if (!upstream) return 'the container has no name server that could be asked';
  const query = checkQuery(name, randomBytes(16).toString('hex'));
  const raw = await askFrom(inside)(query, 'udp', upstream, lookUpTimeoutMs);
  const answer = raw && readAnswer(raw);
  if (!answer) return `its name server ${upstream.address} did not answer a query for ${name}`;
  const said = [rcodeName(answer.rcode), ...answer.addresses].join(' ');
  return `its name server ${upstream.address} answered ${said} for ${name}`;
}

/** Its answer is nothing that we wait for: there may be no way to the name server. */
const lookUpTimeoutMs = 500;
