// What the drivers take from the machine: its name servers, its programs, and whether a command line works.

import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { Random } from '../../base/random.ts';
import type { Launch } from '../targets/target.ts';
import type { Endpoint } from './forward.ts';
import { nameservers } from './resolver-files.ts';
import { DnsServer } from './server.ts';

/** Where the drill's DNS server passes on what it does not answer itself. */
export type Upstreams = () => Promise<readonly Endpoint[]>;

export const upstreamsOfMachine: Upstreams = async () => nameservers(await textOf('/etc/resolv.conf'));

/** glibc waits 5 s for a server; we must have tried more than one by then. */
export const upstreamTimeoutMs = 1500;

/** How long a query of our own may take: longer than one upstream. */
export const checkTimeoutMs = 2000;

export async function newServer(
  hosts: LabelRecord,
  upstreams: Upstreams,
  { random, clock }: { readonly random: Random; readonly clock: Clock },
): Promise<DnsServer> {
  return new DnsServer({ hosts, upstreams: await upstreams(), upstreamTimeoutMs, random, clock });
}

/** The text of a file, or nothing when there is no such file. */
export async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const trialTimeoutMs = 10_000;

/** Runs a command the way that a target would be started; what it printed, or why it failed. */
export function tryLaunch(
  launch: Launch,
  command: readonly string[],
  folder = '/',
): Promise<{ readonly printed: string } | { readonly failure: string }> {
  const [program, ...args] = [...launch.prefix, ...command];
  const options = { cwd: folder, timeout: trialTimeoutMs, env: { ...process.env, ...launch.env } };
  return new Promise((resolve) => {
    execFile(program!, args, options, (error, stdout, stderr) => {
      if (!error) return resolve({ printed: stdout });
      resolve({ failure: stderr.trim().split('\n').at(-1) || error.message });
    });
  });
}
