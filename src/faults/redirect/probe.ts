// Whether the kernel lets us redirect: tried with a table of our own in which no rule matches anything.

import { readlinkSync } from 'node:fs';
import type { Usability } from '../fault.ts';
import { type Group2, group2Of, nftMatch, whyNotBelow } from '../kernel/cgroup2.ts';
import { kernelName, NftTable } from '../kernel/nft-table.ts';
import { destinationSets, rememberCall } from './destinations.ts';

const remedy = 'run as root, or with CAP_NET_ADMIN, with nftables installed';
const groupRemedy = 'run as root, with nftables installed and cgroup2 mounted below /sys/fs/cgroup';

/** What else the table of a trial must be able to hold: statements for `add`, with one more expression to match. */
type Statements = (table: string, match: string) => readonly string[];
const nothingElse: Statements = () => [];

/** Whether what these processes send can be led: tried with a group of ours below that of each. */
export async function canRedirectFrom(pids: readonly number[], also = nothingElse): Promise<Usability> {
  for (const group of groupsOf(pids)) {
    const reason = group ? await whyNotIn(group, also) : 'no control groups of version 2 here';
    if (reason) return { usable: false, reason, remedy: groupRemedy };
  }
  return { usable: true };
}

/** Each once, because a trial takes time. */
function groupsOf(pids: readonly number[]): (Group2 | undefined)[] {
  return [...new Map(pids.map(group2Of).map((group) => [group?.folder, group])).values()];
}

function whyNotIn(group: Group2, also: Statements): Promise<string | undefined> {
  return whyNotBelow(group, kernelName(), async (made) => {
    const seen = await canRedirect(nftMatch(made), also);
    return seen.usable ? undefined : seen.reason;
  });
}

/** `match` is one more nftables expression that the rule must be able to hold. */
export async function canRedirect(match = '', also = nothingElse): Promise<Usability> {
  let table: NftTable | undefined;
  try {
    table = await NftTable.start();
    await table.create([
      ...destinationSets(table.name),
      `chain inet ${table.name} output { type nat hook output priority -110; policy accept; }`,
      `chain inet ${table.name} prerouting { type nat hook prerouting priority -110; policy accept; }`,
      `rule inet ${table.name} output ip saddr 0.0.0.0 ${match} tcp dport 1 ${rememberCall.ip} counter redirect to :1`,
      `rule inet ${table.name} prerouting ip saddr 0.0.0.0 fib daddr type local tcp dport 1 redirect to :1`,
      ...also(table.name, match),
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
