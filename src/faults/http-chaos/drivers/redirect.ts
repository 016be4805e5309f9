// On a process that listens already: new connections to its port are led to our proxy by nftables, without a restart.
// The target sees them come from an address of 127.0.0.0/8 of ours.

import { connect } from 'node:net';
import { UserError } from '../../../base/diagnostics.ts';
import type { ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { InboundRedirect } from '../../redirect/inbound.ts';
import { endOldConnections, findsConnections } from '../../redirect/old-connections.ts';
import { canRedirect, inOtherNetwork } from '../../redirect/probe.ts';
import { type ListeningSocket, listeningSockets, socketHolders } from '../../targets/process/proc.ts';
import {
  type HttpRequest,
  type Interception,
  Interceptions,
  tlsMistake,
  tlsOf,
  whatOf,
} from '../interception.ts';
import { HttpProxy } from '../proxy/server.ts';
import type { HttpChaosSpec } from '../spec.ts';

const interceptions = new Interceptions(open);

export const redirect: FaultDriver<HttpChaosSpec> = {
  name: 'nft-redirect',
  targets: ['process'],
  probe,
  plan: (request) => ({
    ...whatOf(request),
    how:
      'in a proxy of our own, to which nftables redirects connections to the port; those that are open before are ' +
      'ended, each when it is quiet (ss)',
    undo: 'the redirect is removed, and connections through the proxy end after their answer',
    survivesCrash: 'nothing: the redirect ends with Firedrill, and connections through the proxy break',
  }),
  // The table's holder gets into the lease before there is a table: until then nothing is changed.
  undoSteps: async () => [],
  inject: (request, _prepared, extend) => interceptions.inject(request, extend),
};

async function probe(request: HttpRequest): Promise<Usability> {
  const { target, spec, declared } = request;
  if (target.type !== 'process') throw new Error(`${request.name}: the target is no process`);
  const mistake = await tlsMistake(request);
  if (mistake) return mistake;
  // A command has not been started yet.
  if (declared.type !== 'command') {
    const pids = (await target.processes()).map(({ pid }) => pid);
    const elsewhere = inOtherNetwork(pids);
    if (elsewhere) return elsewhere;
    if (socketsOf(spec.port, pids).length === 0) {
      return {
        usable: false,
        reason: `the target does not listen on TCP port ${spec.port}`,
        remedy: 'name the port that it listens on',
      };
    }
  }
  if (!(await findsConnections())) {
    return { usable: false, reason: 'ss is not there to end old connections', remedy: 'install iproute2' };
  }
  return canRedirect();
}

function socketsOf(port: number, pids: readonly number[]): ListeningSocket[] {
  return listeningSockets(port).filter(({ inode }) => socketHolders([inode], pids).length > 0);
}

/** How long connections of before get to become quiet. */
const oldPatienceMs = 1000;
const quietMs = 20;
/** How long an answer that is under way at the undo may take. */
const drainPatienceMs = 1000;
const checkTimeoutMs = 2000;

async function open(request: HttpRequest, extend: ExtendLease): Promise<Interception> {
  const { target, spec, clock, random } = request;
  if (target.type !== 'process') throw new Error(`${request.name}: the target is no process`);
  const pids = (await target.processes()).map(({ pid }) => pid);
  const addresses = socketsOf(spec.port, pids).map((socket) => socket.address);
  if (addresses.length === 0)
    throw UserError.of(
      'FD656',
      `${request.name}: target ${target.name} does not listen on TCP port ${spec.port}`,
    );
  const tls = await tlsOf(request);
  const way = await InboundRedirect.open({ port: spec.port, addresses, random });
  const proxy = new HttpProxy({ clock, connect: () => way.connect(), tls });
  proxy.serve(way.server);
  try {
    await way.begin(extend);
    const isOurs = (peer: { address: string; port: number }) => way.isOurs(peer.address, peer.port);
    const old = await endOldConnections(spec.port, isOurs, clock, oldPatienceMs);
    return interception(way, proxy, spec.port, old);
  } catch (error) {
    await way.close();
    await proxy.close();
    throw error;
  }
}

function interception(
  way: InboundRedirect,
  proxy: HttpProxy,
  port: number,
  oldConnections: number,
): Interception {
  let broken = 0;
  return {
    proxy,
    oldConnections,
    async astray() {
      if (!proxy.isListening) return 'the proxy does not listen any more';
      return (await way.redirected()) === undefined ? `the ${way.where} is gone` : undefined;
    },
    async end() {
      await way.stop();
      broken = await proxy.drain(quietMs, drainPatienceMs);
      await way.close();
      await proxy.close();
    },
    async verifyEnded() {
      if (!way.isGone) return { undone: false, left: [`the ${way.where}`] };
      const open = await accepts(way.targetAddress, port);
      const reach = open
        ? `a connection to port ${port} reaches the target`
        : `nobody listens on port ${port} any more`;
      const note = broken > 0 ? `; ${broken} connections were still busy after a second and were ended` : '';
      return { undone: true, evidence: `the ${way.where} is gone, ${reach}${note}` };
    },
  };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: checkTimeoutMs });
    const finish = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => finish(true));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
  });
}
