// Mount namespaces of targets: one of its own for a target that we start, so that what is mounted over its folder
// concerns nobody else, and the look whether a running one has its own.

import { readlinkSync, realpathSync, statSync } from 'node:fs';
import type { FaultRequest, TakenAlone, Usability } from '../fault.ts';
import type { Launch } from '../targets/target.ts';
import type { IoChaosSpec } from './spec.ts';

const privately = ['unshare', '--mount', '--propagation', 'private', '--'] as const;

/** A mount namespace and nothing mounted in it yet. */
export const ownNamespace: Launch = { prefix: privately, env: {} };

/**
 * A file system in memory with a copy of the folder, put in its place. Arguments: the folder, an empty folder to
 * fill it in, its size. `cd` because the working folder may be in the folder that was covered.
 */
const diskScript = `mount -t tmpfs -o "size=$3,mode=755" firedrill_disk "$2" &&
cp -a "$1/." "$2/" && mount --move "$2" "$1" && cd "$PWD" || exit 125
shift 3
exec "$@"`;

export function diskOfItsOwn(folder: string, spot: string, sizeBytes: number): Launch {
  const prefix = [...privately, '/bin/sh', '-c', diskScript, 'sh', folder, spot, String(sizeBytes)];
  return { prefix, env: {} };
}

export function hasOwnNamespace(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt');
  } catch {
    return false;
  }
}

/** What covers a folder of a target from its start on. */
export function coverOf({ spec, target }: FaultRequest<IoChaosSpec>): TakenAlone {
  return { what: `the view of ${realpathSync(spec.volumePath)} that target ${target.name} starts with` };
}

/** Why what is mounted would not stay with the target; undefined when it would. */
export function mountRefusal({
  machine,
}: FaultRequest<IoChaosSpec>): Exclude<Usability, { usable: true }> | undefined {
  if (machine.canMount) return undefined;
  return {
    usable: false,
    reason: 'no right to mount',
    remedy: 'run as root with CAP_SYS_ADMIN, with unshare, nsenter and mount (util-linux) installed',
  };
}

/** The folder must be there before anything is done, as the machine sees it or, once it runs, the target. */
export async function folderRefusal({
  spec,
  target,
}: FaultRequest<IoChaosSpec>): Promise<Exclude<Usability, { usable: true }> | undefined> {
  const [first] = target.type === 'process' ? await target.processes() : [];
  const root = first === undefined ? '' : `/proc/${first.pid}/root`;
  if (statSync(`${root}${spec.volumePath}`, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return { usable: false, reason: `${spec.volumePath} is no folder`, remedy: 'correct `volumePath`' };
}
