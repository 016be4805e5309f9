// On what a process or a container calls: its connections to a port are led to our proxy by nftables, wherever they go, and
// our proxy calls whom they were for. Nobody else's connections to that port are touched.

import type { Socket } from 'node:net';
import type { ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { type Network, openNetwork } from '../../redirect/network.ts';
import { oldCallsOf } from '../../redirect/old-calls.ts';
import { endOldConnections, toEndConnections, whyNotEnded } from '../../redirect/old-connections.ts';
import { OutboundRedirect } from '../../redirect/outbound.ts';
import { canRedirect, canRedirectFrom } from '../../redirect/probe.ts';
import { homeOf, targetOf, unreachable, whyElsewhere } from '../home.ts';
import {
  type HttpRequest,
  type Interception,
  Interceptions,
  stillBusy,
  tlsMistake,
  tlsOf,
  whatOf,
} from '../interception.ts';
import { HttpProxy } from '../proxy/server.ts';
import type { HttpChaosSpec } from '../spec.ts';

const interceptions = new Interceptions(open);

export const outbound: FaultDriver<HttpChaosSpec> = {
  name: 'nft-outbound',
  targets: ['process', 'container'],
  probe,
  plan: (request) => ({
    ...whatOf(request),
    how:
      'in a proxy of our own, to which nftables redirects what the target sends to the port; its connections of ' +
      'before are ended, each when it is quiet (ss)',
    undo: 'the redirect is removed, connections through the proxy end after their answer, and the processes are back in their control groups',
    survivesCrash: 'no redirect: it ends with Firedrill; the watchdog moves the processes back',
  }),
  // The table's holder, a helper and each group get into the lease before there is any of them.
  undoSteps: async () => [],
  inject: (request, _prepared, extend) => interceptions.inject(request, extend),
};

async function probe(request: HttpRequest): Promise<Usability> {
  const { spec, target, declared } = request;
  if (spec.direction !== 'to')
    return { usable: false, reason: 'it leads what goes out', remedy: 'see the others', otherTarget: true };
  const mistake = (await tlsMistake(request)) ?? (await unreachable(request));
  if (mistake) return mistake;
  const notEnded = await whyNotEnded();
  if (notEnded !== undefined) return { usable: false, reason: notEnded, remedy: toEndConnections };
  // What Firedrill starts is in the control group that Firedrill is in.
  if (declared.type === 'command') return canRedirectFrom([process.pid]);
  const { place, pids } = await homeOf(request);
  if (target.type === 'process') return canRedirectFrom(pids);
  if (place !== undefined) return canRedirect();
  return {
    usable: false,
    reason: 'the container uses the network of the machine',
    remedy: 'name its process as a target, by its pid',
  };
}

/** How long connections of before get to become quiet. */
const oldPatienceMs = 1000;
const quietMs = 20;
/** How long an answer that is under way at the undo may take. */
const drainPatienceMs = 1000;

async function open(request: HttpRequest, extend: ExtendLease): Promise<Interception> {
  const { spec, clock, random } = request;
  const home = await homeOf(request);
  const { place, pids } = home;
  const tls = await tlsOf(request);
  const isMeant = oldCallsOf(pids, spec.port);
  const network = await openNetwork(place, random);
  let proxy: HttpProxy | undefined;
  let way: OutboundRedirect | undefined;
  try {
    const server = await network.listen();
    const { address, port: toPort } = server.address() as { address: string; port: number };
    const beginning = OutboundRedirect.begin({
      target: targetOf(request),
      port: spec.port,
      toPort,
      hasIpv6: address === '::',
      clock,
      extend,
      network,
      onlyCalls: true,
    });
    proxy = new HttpProxy({ clock, connect: callerOf(beginning, network, spec.port), tls });
    proxy.serve(server);
    way = await beginning;
    const calls = { place, side: 'remote', port: spec.port, isMeant } as const;
    const old = spec.keepsOpen ? 0 : await endOldConnections(calls, clock, oldPatienceMs);
    return interception({ way, proxy, network, isElsewhere: () => whyElsewhere(home, request) }, old);
  } catch (error) {
    await way?.stop();
    await way?.close();
    await proxy?.close();
    await network.close();
    throw error;
  }
}

/** Calls whom a client's connection was for. The first may come before we have heard that the redirect is in place. */
function callerOf(beginning: Promise<OutboundRedirect>, network: Network, port: number) {
  return async ({ remoteAddress = '', remotePort = 0 }: Socket): Promise<Socket> => {
    const way = await beginning;
    const host = await way.destinationOf({ host: remoteAddress, port: remotePort });
    if (host === undefined) throw new Error('nobody knows where the connection was going');
    return await network.connect({ host, port });
  };
}

interface Parts {
  readonly way: OutboundRedirect;
  readonly proxy: HttpProxy;
  readonly network: Network;
  isElsewhere(): Promise<string | undefined>;
}

function interception({ way, proxy, network, isElsewhere }: Parts, oldConnections: number): Interception {
  let broken = 0;
  return {
    proxy,
    oldConnections,
    async astray() {
      if (!proxy.isListening) return 'the proxy does not listen any more';
      return (await way.astray()) ?? (await isElsewhere());
    },
    async end() {
      await way.stop();
      broken = await proxy.drain(quietMs, drainPatienceMs);
      await way.close();
      await proxy.close();
      await network.close();
    },
    async verifyEnded() {
      if (way.left.length > 0) return { undone: false, left: way.left };
      return {
        undone: true,
        evidence: `the ${way.where} is gone, and calls go where they did before${stillBusy(broken)}`,
      };
    },
  };
}
