// On a proxy target, without any right: the target leads its connections on to a second proxy of ours, which reads HTTP.
// Network faults on the target act before it, as they would without.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { FaultDriver, Usability } from '../../fault.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../../targets/host-port.ts';
import { TcpProxy } from '../../targets/proxy/proxy.ts';
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

export const proxy: FaultDriver<HttpChaosSpec> = {
  name: 'proxy',
  targets: ['proxy'],
  probe,
  plan: (request) => ({
    ...whatOf(request),
    how: `in the proxy at ${proxyOf(request).address}; connections that are open before are ended, each when it is quiet`,
    undo: 'the proxy passes on unread again, and connections that were read end after their answer',
    survivesCrash: 'nothing: the proxy ends with Firedrill, and its connections with it',
  }),
  undoSteps: async (request) => [{ type: 'ends-with-owner', what: `proxy at ${proxyOf(request).address}` }],
  inject: (request, _prepared, extend) => interceptions.inject(request, extend),
};

async function probe(request: HttpRequest): Promise<Usability> {
  const { spec } = request;
  const target = proxyOf(request);
  if (spec.direction !== 'from')
    return {
      usable: false,
      reason: 'a proxy makes no requests of its own',
      remedy: 'leave direction out: the fault acts on what passes the proxy',
    };
  const mistake = await tlsMistake(request);
  if (mistake) return mistake;
  const ports = [parseHostPort(target.address, true).port, target.upstream.port];
  if (ports.includes(spec.port)) return { usable: true };
  return {
    usable: false,
    reason: `the proxy has nothing to do with port ${spec.port}`,
    remedy: `write port: ${target.upstream.port}, on which its upstream listens`,
  };
}

const connectTimeoutMs = 5000;
const quietMs = 20;
/** How long an answer that is under way at the undo may take. */
const drainPatienceMs = 1000;

async function open(request: HttpRequest): Promise<Interception> {
  const target = proxyOf(request);
  const tls = await tlsOf(request);
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const second = new HttpProxy({ clock: request.clock, connect: () => connectTo(target.upstream), tls });
  second.serve(server);
  const { port } = server.address() as { port: number };
  await target.leadTo({ host: '127.0.0.1', port }, request.spec.keepsOpen ? 'keep' : 'end');
  return interception(target, second, port);
}

function interception(target: TcpProxy, second: HttpProxy, port: number): Interception {
  const isLed = () => target.detour?.port === port;
  let broken = 0;
  return {
    proxy: second,
    oldConnections: 0,
    async astray() {
      if (!second.isListening) return 'the proxy that reads HTTP does not listen any more';
      return isLed() ? undefined : `the proxy at ${target.address} does not lead to the one that reads HTTP`;
    },
    async end() {
      if (isLed()) target.leadBack();
      // WebSockets that came this way stay: nothing in the kernel has to be kept for them, and the target ends them.
      broken = await second.drain(quietMs, drainPatienceMs, 'keep');
      second.stop();
    },
    async verifyEnded() {
      if (isLed()) return { undone: false, left: [`the proxy at ${target.address}`] };
      return {
        undone: true,
        evidence: `the proxy at ${target.address} leads to ${formatHostPort(target.upstream)} again${stillBusy(broken)}`,
      };
    },
  };
}

async function connectTo({ host, port }: HostPort): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectTimeoutMs) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function proxyOf({ name, target }: HttpRequest): TcpProxy {
  if (!(target instanceof TcpProxy)) throw new Error(`${name}: the target is not a proxy`);
  return target;
}
