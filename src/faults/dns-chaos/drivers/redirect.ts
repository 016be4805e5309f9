// On processes that run already: nftables leads what they send to port 53, by UDP and TCP, to our server. Both kinds of
// resolver follow at once, at the begin and at the end, because neither knows of it.

import type { Clock } from '../../../base/clock.ts';
import type { ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { OutboundRedirect } from '../../redirect/outbound.ts';
import { zoneTrial } from '../../redirect/own-zone.ts';
import { canRedirectFrom, inOtherNetwork } from '../../redirect/probe.ts';
import type { ProcessTargetHandle } from '../../targets/target.ts';
import { type Doors, openLoopbackPort } from '../doors.ts';
import { askUdp } from '../forward.ts';
import { answered, type Led, LedTargets } from '../led.ts';
import { nameservers } from '../resolver-files.ts';
import { type DnsRequest, whatOf } from '../route.ts';
import type { DnsServer } from '../server.ts';
import type { DnsChaosSpec } from '../spec.ts';
import { checkTimeoutMs, newServer, textOf } from '../surroundings.ts';

const dnsPort = 53;

export const redirect: FaultDriver<DnsChaosSpec> = {
  name: 'nft-redirect',
  targets: ['process'],
  probe,
  plan: (request) => ({
    ...whatOf(request),
    how: "from a DNS server of Firedrill's own, to which nftables leads what the target sends to port 53",
    undo: 'the redirect is removed, and the processes are back in their control groups',
    survivesCrash: 'no redirect: it ends with Firedrill; the watchdog moves the processes back',
  }),
  // The holder of the table and each group get into the lease before there is a table or a group.
  undoSteps: async () => [],
  inject: (request, _prepared, extend) => targets.inject(request, extend),
};

async function probe({ target, declared }: DnsRequest): Promise<Usability> {
  if (target.type !== 'process' || declared.type === 'command') {
    return {
      usable: false,
      reason: 'Firedrill starts the target',
      remedy: 'name a running process, by pid or port',
      otherTarget: true,
    };
  }
  const pids = (await target.processes()).map(({ pid }) => pid);
  const elsewhere = inOtherNetwork(pids);
  if (elsewhere) return elsewhere;
  return canRedirectFrom(pids, zoneTrial);
}

const targets = new LedTargets(open);

async function open(request: DnsRequest, extend: ExtendLease): Promise<Led> {
  const target = request.target as ProcessTargetHandle;
  const { ipv4, ipv6 } = await openLoopbackPort();
  const server = await newServer({}, () => upstreamsOf(target), request);
  for (const doors of [ipv4, ipv6]) if (doors) server.serve(doors.udp, doors.tcp);
  try {
    const way = await OutboundRedirect.begin({
      target,
      port: dnsPort,
      toPort: ipv4.port,
      hasIpv6: ipv6 !== undefined,
      clock: request.clock,
      extend,
    });
    return ledBy(way, server, ipv4, request.clock);
  } catch (error) {
    await server.close();
    throw error;
  }
}

function ledBy(way: OutboundRedirect, server: DnsServer, doors: Doors, clock: Clock): Led {
  return {
    server,
    where: `DNS server at ${doors.address}:${doors.port}`,
    ask: (query) => askUdp(query, doors, checkTimeoutMs),
    astray: () => way.astray(),
    async end() {
      await way.stop();
      await answered(server, clock);
      await way.close();
      await server.close();
    },
    async verifyEnded() {
      if (way.left.length > 0) return { undone: false, left: way.left };
      return {
        undone: true,
        evidence: `the ${way.where} is gone, and the target's processes are back in their control groups`,
      };
    },
  };
}

/** In a container or a mount namespace the target has its own resolv.conf. */
async function upstreamsOf(target: ProcessTargetHandle) {
  const [first] = await target.processes();
  return nameservers(await textOf(first ? `/proc/${first.pid}/root/etc/resolv.conf` : '/etc/resolv.conf'));
}
