// `dependencyReplaced`: what the target connects to on a port is led by nftables to a server of ours that fails. Nobody
// else's connections to that port are touched.

import type { Socket } from 'node:net';
import type { ActiveFault, ExtendLease, FaultDriver, FaultRequest, Usability } from '../../fault.ts';
import { homeOf, targetOf, unreachable } from '../../http-chaos/home.ts';
import { type Network, openNetwork } from '../../redirect/network.ts';
import { oldCallsOf } from '../../redirect/old-calls.ts';
import { endOldConnections, toEndConnections, whyNotEnded } from '../../redirect/old-connections.ts';
import { OutboundRedirect } from '../../redirect/outbound.ts';
import { canRedirect, canRedirectFrom } from '../../redirect/probe.ts';
import { FailingServer } from '../failing-server.ts';
import { otherAction, refusal } from '../refusal.ts';
import type { DependencySpec, ProcessChaosSpec } from '../spec.ts';

type ProcessRequest = FaultRequest<ProcessChaosSpec>;

/** How long connections of before get to become quiet. */
const oldPatienceMs = 1000;

export const failingDependency: FaultDriver<ProcessChaosSpec> = {
  name: 'failing-dependency',
  targets: ['process', 'container'],
  probe,
  plan: ({ spec, target }) => ({
    what: spec.action === 'dependencyReplaced' ? `what ${target.name} calls ${effectOf(spec)}` : '',
    how:
      'a server of ours, to which nftables redirects what the target sends to the port; its connections of before ' +
      'are ended, each when it is quiet (ss)',
    undo: 'the redirect is removed, our server ends, and the processes are back in their control groups',
    survivesCrash: 'no redirect: it ends with Firedrill; the watchdog moves the processes back',
    hits: 'connections failed',
  }),
  // The table's holder, a helper and each group get into the lease before there is any of them.
  undoSteps: async () => [],
  inject: (request, _prepared, extend) => inject(request, extend),
};

async function probe(request: ProcessRequest): Promise<Usability> {
  const { spec, target, declared } = request;
  if (spec.action !== 'dependencyReplaced') return otherAction('replaces a dependency');
  const elsewhere = await unreachable(request);
  if (elsewhere) return elsewhere;
  const notEnded = await whyNotEnded();
  if (notEnded !== undefined) return refusal(notEnded, toEndConnections);
  // What Firedrill starts is in the control group that Firedrill is in.
  if (declared.type === 'command') return canRedirectFrom([process.pid]);
  const { place, pids } = await homeOf(request);
  if (target.type === 'process') return canRedirectFrom(pids);
  if (place !== undefined) return canRedirect();
  return refusal('the container uses the network of the machine', 'name its process as a target, by its pid');
}

function effectOf({ port, address, answer, status }: DependencySpec): string {
  const where = address === undefined ? `on port ${port}` : `at ${address}, port ${port},`;
  const effects = {
    reset: 'resets every connection',
    hang: 'accepts and says nothing',
    empty: 'closes without an answer',
    garbage: 'answers with random bytes',
    error: `answers HTTP ${status}`,
    slow: 'begins an answer and never ends it',
  };
  return `${where} ${effects[answer]}`;
}

async function inject(request: ProcessRequest, extend: ExtendLease): Promise<ActiveFault> {
  const { spec, clock, random } = request;
  if (spec.action !== 'dependencyReplaced') throw new Error(`the probe refuses ${spec.action}`);
  const { place, pids } = await homeOf(request);
  const network = await openNetwork(place, random);
  const door = await network.listen();
  const { address, port: toPort } = door.address() as { address: string; port: number };
  let way: OutboundRedirect | undefined;
  const passOn = async ({ remoteAddress = '', remotePort = 0 }: Socket): Promise<Socket | undefined> => {
    if (spec.address === undefined) return undefined;
    const host = await way?.destinationOf({ host: remoteAddress, port: remotePort });
    if (host === undefined) throw new Error('nobody knows where the connection was going');
    return host === spec.address ? undefined : await network.connect({ host, port: spec.port });
  };
  const server = new FailingServer(door, { spec, clock, random, passOn });
  const isMeant = oldCallsOf(pids, spec.port);
  try {
    way = await OutboundRedirect.begin({
      target: targetOf(request),
      port: spec.port,
      toPort,
      hasIpv6: address === '::',
      clock,
      extend,
      network,
      onlyCalls: true,
    });
    await endOldConnections({ place, side: 'remote', port: spec.port, isMeant }, clock, oldPatienceMs);
    return activeFault(way, server, network, spec);
  } catch (error) {
    await way?.stop();
    await way?.close();
    await server.close();
    await network.close();
    throw error;
  }
}

function activeFault(
  way: OutboundRedirect,
  server: FailingServer,
  network: Network,
  { address, port }: DependencySpec,
): ActiveFault {
  const end = async () => {
    await way.stop();
    await server.close();
    await way.close();
  };
  let undone: Promise<void> | undefined;
  return {
    hits: () => server.hits,
    missing: async () => (server.isListening ? await way.astray() : 'our server does not listen any more'),
    undo: () => {
      undone ??= end();
      return undone;
    },
    async verifyUndone() {
      const reached = address === undefined ? undefined : await knock(network, address, port);
      await network.close();
      if (way.left.length > 0) return { undone: false, left: way.left };
      const knocked = reached === undefined ? '' : `; ${reached}`;
      return {
        undone: true,
        evidence: `the ${way.where} is gone, and calls go where they did before${knocked}`,
      };
    },
  };
}

/** A real connection to the dependency, which may be down by itself. */
async function knock(network: Network, host: string, port: number): Promise<string> {
  try {
    (await network.connect({ host, port })).destroy();
    return `a connection to ${host}, port ${port}, is accepted`;
  } catch (error) {
    return `a connection to ${host}, port ${port}, fails (${(error as Error).message})`;
  }
}
