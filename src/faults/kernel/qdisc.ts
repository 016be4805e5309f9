// The queueing discipline of a network device (tc(8)): what stands at its root, and whether that is ours.

import { execFile } from 'node:child_process';

/** Major numbers of handles that Firedrill gives: fd00 to fdff. Nobody else is likely to count so high. */
const ownHandle = /^fd[0-9a-f]{2}:$/;

export function isOwnHandle(handle: string): boolean {
  return ownHandle.test(handle);
}

const answerTimeoutMs = 10_000;

/** A command of the administrator, in the network namespace of a process or in ours; throws the first line said. */
export function runTool(networkOf: number | undefined, command: readonly string[]): Promise<string> {
  const enter = networkOf === undefined ? [] : ['nsenter', '--target', String(networkOf), '--net', '--'];
  const [program, ...args] = [...enter, ...command];
  const PATH = `/usr/sbin:/usr/bin:/sbin:/bin:${process.env.PATH ?? ''}`;
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, PATH, LC_ALL: 'C' }, timeout: answerTimeoutMs };
    execFile(program!, args, options, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      reject(new Error(stderr.trim().split('\n')[0] || error.message));
    });
  });
}

/**
 * The handle of what somebody put at the root of a device, such as `1:`; undefined where the kernel's own default
 * stands, which has none.
 */
export async function rootHandle(networkOf: number | undefined, device: string): Promise<string | undefined> {
  const listing = await runTool(networkOf, ['tc', 'qdisc', 'show', 'dev', device, 'root']);
  const handle = /^qdisc \S+ (\S+) root/m.exec(listing)?.[1];
  return handle === undefined || handle === '0:' ? undefined : handle;
}

export async function deleteRoot(
  networkOf: number | undefined,
  device: string,
  handle: string,
): Promise<void> {
  await runTool(networkOf, ['tc', 'qdisc', 'del', 'dev', device, 'root', 'handle', handle]);
}
