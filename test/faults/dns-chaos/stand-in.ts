// A runner reduced to one DNS fault, as a process of its own, so that tests can run it as somebody without rights and
// kill it. Started with one JSON argument; then each line of JSON on stdin is answered by one on stdout.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { mountNamespaceDriver } from '../../../src/faults/dns-chaos/drivers/mount-namespace.ts';
import { nodePreloadDriver } from '../../../src/faults/dns-chaos/drivers/node-preload.ts';
import { userNamespaceDriver } from '../../../src/faults/dns-chaos/drivers/user-namespace.ts';
import type { Endpoint } from '../../../src/faults/dns-chaos/forward.ts';
import type { CommandTarget, DnsRequest } from '../../../src/faults/dns-chaos/route.ts';
import type { ActiveFault, Machine, PreparedFault } from '../../../src/faults/fault.ts';

export interface StandInOptions {
  readonly driver: 'mount-namespace' | 'user-namespace' | 'node-preload';
  readonly spec: DnsRequest['spec'];
  readonly declared: CommandTarget;
  readonly upstreams: readonly Endpoint[];
  readonly machine: Machine;
}

const options: StandInOptions = JSON.parse(process.argv[2]!);
const upstreams = async () => options.upstreams;
const driver = {
  'mount-namespace': mountNamespaceDriver,
  'user-namespace': userNamespaceDriver,
  'node-preload': nodePreloadDriver,
}[options.driver](upstreams);

const scratchFolder = await mkdtemp(join(tmpdir(), 'firedrill-test-'));
const pids: number[] = [];
const children: ChildProcess[] = [];
const request: DnsRequest = {
  name: 'dns-chaos',
  kind: 'DNSChaos',
  spec: options.spec,
  durationMs: 10_000,
  target: {
    type: 'process',
    name: 'target',
    namespace: 'default',
    labels: {},
    started: true,
    describe: async () => 'the target',
    processes: async () => pids.map((pid) => ({ pid, startTime: 0 })),
  },
  declared: options.declared,
  machine: options.machine,
  clock: systemClock,
  random: seededRandom(1),
  scratchFolder,
};

let prepared: PreparedFault | undefined;
let active: ActiveFault | undefined;

interface Order {
  readonly do: string;
  readonly command: readonly string[];
}

const orders: Record<string, (order: Order) => unknown> = {
  probe: () => driver.probe(request),
  plan: () => driver.plan(request),
  async prepare() {
    prepared = await driver.prepare!(request);
    return prepared.launch;
  },
  /** Starts the target itself, which stays. */
  start: ({ command }) => {
    const child = launch(command);
    child.stdout.resume();
    children.push(child);
    pids.push(child.pid!);
    return child.pid;
  },
  /** Runs a command the way that the target is started; what it printed. */
  run: ({ command }) =>
    new Promise((resolve) => {
      const child = launch(command);
      let output = '';
      child.stdout.on('data', (bytes) => {
        output += bytes;
      });
      child.on('close', (status) => resolve({ output: output.trim(), status }));
    }),
  undoSteps: () => driver.undoSteps(request),
  async inject() {
    active = await driver.inject(request, prepared, async () => {});
  },
  hits: () => active!.hits(),
  missing: () => active!.missing(),
  undo: () => active!.undo(),
  verifyUndone: () => active!.verifyUndone(),
  async close() {
    for (const child of children) child.kill('SIGKILL');
    await prepared?.close();
    await rm(scratchFolder, { recursive: true, force: true });
  },
};

function launch(command: readonly string[]) {
  const { prefix, env } = prepared!.launch;
  const [program, ...args] = [...prefix, ...command];
  return spawn(program!, args, {
    cwd: options.declared.folder,
    env: { ...process.env, ...options.declared.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const order: Order = JSON.parse(line);
  try {
    const result = await orders[order.do]!(order);
    process.stdout.write(`${JSON.stringify({ result: result ?? null })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String((error as Error).message) })}\n`);
  }
}
