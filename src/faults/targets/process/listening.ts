// The TCP ports that processes listen on: the other way round than a target that is named by its port.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Rising, each once; those of processes that we may not look into are missing. */
export function listeningPortsOf(pids: readonly number[]): number[] {
  const ports = pids.flatMap((pid) => {
    const inodes = socketInodes(pid);
    return inodes.size === 0
      ? []
      : listeners(pid).flatMap(({ inode, port }) => (inodes.has(inode) ? [port] : []));
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}

function socketInodes(pid: number): Set<string> {
  try {
    const found = readdirSync(`/proc/${pid}/fd`).map((descriptor) =>
      inodeOf(`/proc/${pid}/fd/${descriptor}`),
    );
    return new Set(found.filter((inode) => inode !== undefined));
  } catch {
    return new Set();
  }
}

function inodeOf(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch {
    return undefined;
  }
}

/** In the network namespace of the process; the columns are those of `listeningSockets` in proc.ts. */
function listeners(pid: number): { readonly inode: string; readonly port: number }[] {
  return ['tcp', 'tcp6'].flatMap((file) => {
    try {
      const lines = readFileSync(`/proc/${pid}/net/${file}`, 'utf8').split('\n').slice(1);
      return lines.flatMap((line) => {
        const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
        const port = Number.parseInt(local?.split(':')[1] ?? '', 16);
        return state === '0A' && inode !== undefined && port > 0 ? [{ inode, port }] : [];
      });
    } catch {
      return [];
    }
  });
}
