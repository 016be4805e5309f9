// On a process or a container that listens already: new connections to its port are led to our proxy by nftables, in the
// network namespace where it listens and without a restart. The target sees them come from an address of 127.0.0.0/8 of ours.

import { UserError } from '../../../base/diagnostics.ts';
import type { ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { InboundRedirect } from '../../redirect/inbound.ts';
import {
  type Ends,
  endOldConnections,
  toEndConnections,
  whyNotEnded,
} from '../../redirect/old-connections.ts';
import { canRedirect } from '../../redirect/probe.ts';
import { type ListeningSocket, listeningSockets, socketHolders } from '../../targets/process/proc.ts';
import { homeOf, unreachable, whyElsewhere } from '../home.ts';
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

export const redirect: FaultDriver<HttpChaosSpec> = {
  name: 'nft-redirect',
  targets: ['process', 'container'],
  probe,
  plan: (request) => ({
    ...whatOf(request),
    how:
      'in a proxy of our own, to which nftables redirects connections to the port; those that are open before are ' +
      'ended, each when it is quiet (ss)',
    undo: 'the redirect is removed, and connections through the proxy end after their answer',
    survivesCrash: 'nothing: the redirect ends with Firedrill, and connections through the proxy break',
  }),
  // Two redirects of one port would lead each other's connections round in a circle.
  takes: async ({ target }) => [{ what: `the connections to target ${target.name}`, sharedBy: 'HTTPChaos' }],
  // The table's holder gets into the lease before there is a table: until then nothing is changed.
  undoSteps: async () => [],
  inject: (request, _prepared, extend) => interceptions.inject(request, extend),
};

async function probe(request: HttpRequest): Promise<Usability> {
  const { spec, declared } = request;
  if (spec.direction !== 'from')
    return { usable: false, reason: 'it leads what comes in', remedy: 'see the others', otherTarget: true };
  const mistake = (await tlsMistake(request)) ?? (await unreachable(request));
  if (mistake) return mistake;
  // A command has not been started yet.
  if (declared.type !== 'command') {
    const { pids } = await homeOf(request);
    if (socketsOf(spec.port, pids).length === 0) {
      return {
        usable: false,
        reason: `the target does not listen on TCP port ${spec.port}`,
        remedy: 'name the port that it listens on',
      };
    }
  }
  const redirects = await canRedirect();
  const notEnded = redirects.usable ? await whyNotEnded() : undefined;
  return notEnded === undefined ? redirects : { usable: false, reason: notEnded, remedy: toEndConnections };
}

/** In the network namespace that all of them share. */
function socketsOf(port: number, pids: readonly number[]): ListeningSocket[] {
  return listeningSockets(port, pids[0]).filter(({ inode }) => socketHolders([inode], pids).length > 0);
}

/** How long connections of before get to become quiet. */
const oldPatienceMs = 1000;
const quietMs = 20;
/** How long an answer that is under way at the undo may take. */
const drainPatienceMs = 1000;

async function open(request: HttpRequest, extend: ExtendLease): Promise<Interception> {
  const { target, spec, clock, random } = request;
  const home = await homeOf(request);
  const { place, pids } = home;
  const addresses = socketsOf(spec.port, pids).map((socket) => socket.address);
  if (addresses.length === 0)
    throw UserError.of(
      'FD656',
      `${request.name}: target ${target.name} does not listen on TCP port ${spec.port}`,
    );
  const tls = await tlsOf(request);
  const way = await InboundRedirect.open({ place, port: spec.port, addresses, random });
  const proxy = new HttpProxy({ clock, connect: () => way.connect(), tls });
  proxy.serve(way.server);
  try {
    await way.begin(extend);
    const isMeant = ({ remote }: Ends) => !way.isOurs(remote.host, remote.port);
    const { port } = spec;
    const old = spec.keepsOpen
      ? 0
      : await endOldConnections({ place, side: 'local', port, isMeant }, clock, oldPatienceMs);
    return interception({ way, proxy, port, isElsewhere: () => whyElsewhere(home, request) }, old);
  } catch (error) {
    await way.close();
    await proxy.close();
    await way.leave();
    throw error;
  }
}

interface Parts {
  readonly way: InboundRedirect;
  readonly proxy: HttpProxy;
  readonly port: number;
  isElsewhere(): Promise<string | undefined>;
}

function interception({ way, proxy, port, isElsewhere }: Parts, oldConnections: number): Interception {
  let broken = 0;
  let reached: Promise<boolean> | undefined;
  return {
    proxy,
    oldConnections,
    async astray() {
      if (!proxy.isListening) return 'the proxy does not listen any more';
      return (await way.redirected()) === undefined ? `the ${way.where} is gone` : await isElsewhere();
    },
    async end() {
      await way.stop();
      broken = await proxy.drain(quietMs, drainPatienceMs);
      await way.close();
      await proxy.close();
    },
    async verifyEnded() {
      if (!way.isGone) return { undone: false, left: [`the ${way.where}`] };
      reached ??= way.leave();
      const reach = (await reached)
        ? `a connection to port ${port} reaches the target`
        : `nobody listens on port ${port} any more`;
      return { undone: true, evidence: `the ${way.where} is gone, ${reach}${stillBusy(broken)}` };
    },
  };
}
