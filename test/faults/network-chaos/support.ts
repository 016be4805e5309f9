// Real targets on loopback and requests for the drivers of NetworkChaos.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultDriver, FaultRequest } from '../../../src/faults/fault.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { type NetworkChaosSpec, networkChaosSchema } from '../../../src/faults/network-chaos/spec.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import type { TargetHandle } from '../../../src/faults/targets/target.ts';
import { cleanup, lineOf, type StartedProgram, start } from '../leases/support.ts';

/** A process of its own that echoes what it gets over TCP and UDP, and connects where it is told. */
const peerProgram = `
import { createServer, connect } from 'node:net';
import { createSocket } from 'node:dgram';
const server = createServer((socket) => { socket.on('error', () => {}); socket.pipe(socket); });
server.listen(0, process.argv[1], () => {
  const { port } = server.address();
  const udp = createSocket(process.argv[1].includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes, from) => udp.send(bytes, from.port, from.address, () => {}));
  udp.bind(port, process.argv[1], () => console.log('port ' + port));
});
process.stdin.on('data', (line) => {
  const since = performance.now();
  const socket = connect({ port: Number(line), host: process.argv[1], timeout: 1500 });
  const end = (what) => { socket.destroy(); console.log('connect ' + line.toString().trim() + ' ' + what + ' ' + Math.round(performance.now() - since)); };
  socket.once('connect', () => end('ok'));
  socket.once('timeout', () => end('timeout'));
  socket.once('error', (error) => end(error.code));
});
`;

export interface Peer extends StartedProgram {
  readonly port: number;
  readonly host: string;
}

export async function startPeer(host = '127.0.0.1', prefix: readonly string[] = []): Promise<Peer> {
  const program = start([...prefix, process.execPath, '--input-type=module', '-e', peerProgram, host]);
  const line = await lineOf(program, 'port ');
  return { ...program, host, port: Number(line.split(' ')[1]) };
}

export function targetOf(peer: StartedProgram, name = 'app'): TargetHandle {
  return pidTarget({ name, namespace: 'default', labels: {} }, peer.id.pid, createGuard(new Set()));
}

export interface Injection {
  readonly request: FaultRequest<NetworkChaosSpec>;
  readonly steps: UndoStep[];
  readonly extend: (steps: readonly UndoStep[]) => Promise<void>;
}

export function requestFor(
  target: TargetHandle,
  fields: Record<string, unknown>,
  peers?: readonly TargetHandle[],
): Injection {
  const steps: UndoStep[] = [];
  const request: FaultRequest<NetworkChaosSpec> = {
    name: 'network-chaos',
    kind: 'NetworkChaos',
    spec: networkChaosSchema.parse(fields),
    durationMs: 5000,
    target,
    ...(peers && { peers }),
    declared: { type: 'pid', pid: 1 },
    machine: { uid: process.getuid!(), canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: tmpdir(),
    folder: tmpdir(),
  };
  return {
    request,
    steps,
    extend: async (more) => {
      steps.push(...more);
    },
  };
}

/** Injected by this driver; taken back after the test, whatever happens. */
export async function inject(driver: FaultDriver<NetworkChaosSpec>, { request, extend }: Injection) {
  const usability = await driver.probe(request);
  if (!usability.usable) throw new Error(`${driver.name}: ${usability.reason}; ${usability.remedy}`);
  const active = await driver.inject(request, undefined, extend);
  cleanup(() => active.undo());
  return active;
}

export async function connected(peer: Peer): Promise<Socket> {
  const socket = connect({ port: peer.port, host: peer.host });
  socket.on('error', () => {});
  cleanup(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  return socket;
}

/** Milliseconds from a byte sent to the same byte back; undefined when it did not come within `withinMs`. */
export function roundTrip(socket: Socket, withinMs = 1500, bytes = 1): Promise<number | undefined> {
  return new Promise((resolve) => {
    const since = performance.now();
    let missing = bytes;
    const finish = (value: number | undefined) => {
      clearTimeout(timer);
      socket.off('data', onData);
      resolve(value);
    };
    const onData = (data: Buffer) => {
      missing -= data.length;
      if (missing <= 0) finish(performance.now() - since);
    };
    const timer = setTimeout(() => finish(undefined), withinMs);
    socket.on('data', onData);
    socket.write(Buffer.alloc(bytes));
  });
}

/** How a connection attempt ends. */
export function attempt(peer: Pick<Peer, 'host' | 'port'>, withinMs = 800): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: peer.port, host: peer.host, timeout: withinMs });
    const finish = (what: string) => {
      socket.destroy();
      resolve(what);
    };
    socket.once('connect', () => finish('connected'));
    socket.once('timeout', () => finish('timeout'));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}
