// On containers: in their network namespace nftables leads what is sent to port 53 to sockets that a helper of ours opens
// there, and that our DNS server answers. Nothing in the container is touched, whatever resolver it has.

import type { ActiveFault, ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { countersOf, NftTable } from '../../kernel/nft-table.ts';
import { Namespace } from '../../network-namespace/namespace.ts';
import { canRedirect, inOtherNetwork } from '../../redirect/probe.ts';
import { containerOf, runningContainer } from '../../targets/container/fault.ts';
import { unseen } from '../../targets/container/process-view.ts';
import { identify } from '../../targets/process/proc.ts';
import { type AskUpstream, askFromHere, askUdp } from '../forward.ts';
import { nameservers } from '../resolver-files.ts';
import { type DnsRequest, missing, whatOf } from '../route.ts';
import { DnsServer } from '../server.ts';
import type { DnsChaosSpec } from '../spec.ts';
import { checkTimeoutMs, textOf, upstreamTimeoutMs } from '../surroundings.ts';

const dnsPort = 53;
const loopback = '127.0.0.1';
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
  inject: (request, _prepared, extend) => inject(request, extend),
};

async function probe(request: DnsRequest): Promise<Usability> {
  const running = await runningContainer(request);
  if (!running.usable) return running;
  const target = containerOf(request);
  const pids = (await target.processes()).map(({ pid }) => pid);
  if (pids.length === 0) return unseen(target);
  if (request.machine.uid !== 0)
    return {
      usable: false,
      reason: 'no right to enter the network namespace of the container',
      remedy: 'run as root',
    };
  if (!inOtherNetwork(pids))
    return {
      usable: false,
      reason: 'the container uses the network of the machine',
      remedy: 'name its process as a target, by its pid',
    };
  return await canRedirect();
}

async function inject(request: DnsRequest, extend: ExtendLease): Promise<ActiveFault> {
  const [first] = await containerOf(request).processes();
  if (!first) throw new Error(`container ${containerOf(request).container.name} does not run any more`);
  const inside = await Namespace.enter(first.pid);
  let table: NftTable | undefined;
  try {
    table = await NftTable.start(first.pid);
    const helper = identify(inside.pid);
    await extend(
      [table.holder, ...(helper ? [helper] : [])].map((process) => ({ type: 'end-tree', process })),
    );
    const server = await serverFor(request, first.pid, inside);
    const udp = await inside.bindUdp(loopback, 0);
    const { port } = udp.address();
    server.serve(udp, await inside.listen(loopback, port));
    await table.create([
      `chain inet ${table.name} output { type nat hook output priority ${priority}; policy accept; }`,
      `rule inet ${table.name} output ip saddr ${sourceOfOurs} accept`,
      `rule inet ${table.name} output meta nfproto ipv4 meta l4proto { tcp, udp } th dport ${dnsPort} ` +
        `counter redirect to :${port} comment "${ruleName}"`,
    ]);
    return activeFault(request, server, inside, table);
  } catch (error) {
    await table?.close();
    await inside.close();
    throw error;
  }
}

/** What our server asks itself inside the container comes from here, and is not led back to it. */
const sourceOfOurs = '127.83.68.53';

/** Names that no fault matches are asked of the container's own name servers; one on its loopback only from inside. */
async function serverFor(request: DnsRequest, pid: number, inside: Namespace): Promise<DnsServer> {
  const upstreams = nameservers(await textOf(`/proc/${pid}/root/etc/resolv.conf`));
  const ask: AskUpstream = async (query, transport, upstream, timeoutMs) => {
    if (!upstream.address.startsWith('127.')) return await askFromHere(query, transport, upstream, timeoutMs);
    const socket = await inside.bindUdp(sourceOfOurs, 0).catch(() => undefined);
    return socket && (await askUdp(query, upstream, timeoutMs, socket));
  };
  return new DnsServer({
    hosts: {},
    upstreams,
    upstreamTimeoutMs,
    random: request.random,
    clock: request.clock,
    ask,
  });
}

function activeFault(
  request: DnsRequest,
  server: DnsServer,
  inside: Namespace,
  table: NftTable,
): ActiveFault {
  const fault = { ...request.spec };
  const disturbance = server.disturb(fault);
  const where = `nftables table ${table.name}`;
  const route = {
    server,
    where: `DNS server in the network namespace of the container`,
    // To an address where nobody answers but by the redirect: the way that the container's own queries go.
    ask: async (query: Buffer) =>
      await askUdp(
        query,
        { address: '127.0.0.53', port: dnsPort },
        checkTimeoutMs,
        await inside.bindUdp(loopback, 0),
      ),
    astray: async () =>
      table.ended || !countersOf(await table.list()).has(ruleName) ? `the ${where} is gone` : undefined,
  };
  let undone: Promise<void> | undefined;
  return {
    hits: () => disturbance.hits(),
    missing: () => missing(request, route, fault),
    undo: () => {
      undone ??= undo();
      return undone;
    },
    async verifyUndone() {
      return table.ended && inside.ended
        ? { undone: true, evidence: `the ${where} is gone with its holder` }
        : { undone: false, left: [`${where}: end process ${table.holder.pid}`] };
    },
  };

  async function undo(): Promise<void> {
    disturbance.remove();
    // An answer that is under way finds its way back only while the table is there.
    if (!table.ended) await table.apply([`flush chain inet ${table.name} output`]);
    for (let waitedMs = 0; server.waiting > 0 && waitedMs < patienceMs; waitedMs += lookEveryMs)
      await request.clock.sleep(lookEveryMs);
    await table.close();
    await server.close();
    await inside.close();
  }
}

const lookEveryMs = 5;
const patienceMs = 3500;
