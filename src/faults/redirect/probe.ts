// Whether the kernel lets us redirect: tried with a table of our own in which no rule matches anything.

import { readlinkSync } from 'node:fs';
import type { Usability } from '../fault.ts';
import { NftTable } from '../kernel/nft-table.ts';

const remedy = 'run as root, or with CAP_NET_ADMIN, with nftables installed';

/** `match` is one more nftables expression that the rule must be able to hold. */
export async function canRedirect(match = ''): Promise<Usability> {
  let table: NftTable | undefined;
  try {
    table = await NftTable.start();
    await table.create([
      `chain inet ${table.name} output { type nat hook output priority -110; policy accept; }`,
      `chain inet ${table.name} prerouting { type nat hook prerouting priority -110; policy accept; }`,
      `rule inet ${table.name} output ip saddr 0.0.0.0 ${match} tcp dport 1 counter redirect to :1`,
      `rule inet ${table.name} prerouting ip saddr 0.0.0.0 fib daddr type local tcp dport 1 redirect to :1`,
    ]);
    return { usable: true };
  } catch (error) {
    return { usable: false, reason: `no redirect by nftables (${(error as Error).message})`, remedy };
  } finally {
    await table?.close();
  }
}

/** A rule in our network namespace does not see the traffic of another. */
export function inOtherNetwork(pids: readonly number[]): Usability | undefined {
  const ours = readlinkSync('/proc/self/ns/net');
  const stranger = pids.find((pid) => namespaceOf(pid) !== undefined && namespaceOf(pid) !== ours);
  if (stranger === undefined) return undefined;
  return {
    usable: false,
    reason: `process ${stranger} of the target is in another network namespace`,
    remedy: `run Firedrill there: nsenter --target ${stranger} --net firedrill …`,
  };
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}
