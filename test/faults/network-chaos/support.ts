// Peers and faults that end with their test.

import { execFileSync } from 'node:child_process';
import type { ActiveFault, FaultDriver } from '../../../src/faults/fault.ts';
import type { NetworkChaosSpec } from '../../../src/faults/network-chaos/spec.ts';
import { cleanup } from '../leases/support.ts';
import { type Injection, type Peer, spawnPeer } from './requests.ts';

export async function startPeer(host?: string, prefix?: readonly string[], port?: number): Promise<Peer> {
  const peer = await spawnPeer(host, prefix, port);
  cleanup(() => {
    try {
      process.kill(-peer.pid, 'SIGKILL');
    } catch {
      // Gone already.
    }
  });
  return peer;
}

/** Injected by this driver; taken back after the test, whatever happens. */
export async function inject(
  driver: FaultDriver<NetworkChaosSpec>,
  { request, extend }: Injection,
): Promise<ActiveFault> {
  const usability = await driver.probe(request);
  if (!usability.usable) throw new Error(`${driver.name}: ${usability.reason}; ${usability.remedy}`);
  const active = await driver.inject(request, undefined, extend);
  cleanup(() => active.undo());
  return active;
}

export interface Wire {
  /** In front of a command: into the namespace at one end, with its address. */
  readonly here: { readonly host: string; readonly prefix: readonly string[] };
  readonly there: { readonly host: string; readonly prefix: readonly string[] };
}

/** Two network namespaces of the test's own with an Ethernet between them. */
export function wire(): Wire {
  const name = `fdt${process.pid % 10_000}${wires++}`;
  const ip = (...args: string[]) => execFileSync('ip', args);
  for (const end of ['a', 'b']) {
    ip('netns', 'add', name + end);
    cleanup(() => void ip('netns', 'del', name + end));
  }
  ip('link', 'add', 'eth0', 'netns', `${name}a`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${name}b`);
  const ends = ['a', 'b'].map((end, index) => {
    const host = `192.0.2.${index + 1}`;
    ip('-n', name + end, 'address', 'add', `${host}/24`, 'dev', 'eth0');
    for (const device of ['lo', 'eth0']) ip('-n', name + end, 'link', 'set', device, 'up');
    return { host, prefix: ['nsenter', `--net=/run/netns/${name}${end}`, '--'] };
  });
  return { here: ends[0]!, there: ends[1]! };
}

let wires = 0;
