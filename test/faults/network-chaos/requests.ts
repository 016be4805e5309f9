// Real processes and requests for the drivers of NetworkChaos; needs no test runner, so that it works in a guest too.

import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { type NetworkChaosSpec, networkChaosSchema } from '../../../src/faults/network-chaos/spec.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import type { TargetHandle } from '../../../src/faults/targets/target.ts';

/** peer-program.mjs in a process of its own. */
export interface Peer {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  ask<T>(what: string, to: Pick<Peer, 'host' | 'port'>, count?: number): Promise<T>;
}

const program = process.env.PEER_PROGRAM ?? resolve('test/faults/network-chaos/peer-program.mjs');

/** `prefix` puts it somewhere else, such as into a network namespace. */
export async function spawnPeer(
  host = '127.0.0.1',
  prefix: readonly string[] = [],
  wanted = 0,
): Promise<Peer> {
  const [name, ...args] = [...prefix, process.execPath, program, host, String(wanted)];
  const child = spawn(name!, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const waiting = new Map<number, (answer: unknown) => void>();
  let count = 0;
  const port = await new Promise<number>((done, fail) => {
    child.once('exit', () => fail(new Error('the peer ended')));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const [word, number, ...rest] = line.split(' ');
      if (word === 'port') done(Number(number));
      else waiting.get(Number(number))?.(JSON.parse(rest.join(' ')));
    });
  });
  return {
    child,
    pid: child.pid!,
    host,
    port,
    ask: (what, to, times = 1) =>
      new Promise((done) => {
        const number = ++count;
        waiting.set(number, done as (answer: unknown) => void);
        child.stdin!.write(`${number} ${what} ${to.host} ${to.port} ${times}\n`);
      }),
  };
}

export function targetOf(peer: Peer, name = 'app'): TargetHandle {
  return pidTarget({ name, namespace: 'default', labels: {} }, peer.pid, createGuard(new Set()));
}

export interface Injection {
  readonly request: FaultRequest<NetworkChaosSpec>;
  /** What the lease would hold. */
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
