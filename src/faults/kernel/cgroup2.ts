// Groups of version 2 that mark the processes of a target for the packet filter (`socket cgroupv2` of nft(8)). Ours is
// made below the group that a process is in, so that all limits on it stay what they are. A socket belongs to
// the group in which it was opened: those opened before the move are not matched.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { controlGroups } from '../targets/process/cgroup.ts';
import { identify } from '../targets/process/proc.ts';
import { makerOf } from './nft-table.ts';

export interface Group2 {
  /** Absolute path of its folder. */
  readonly folder: string;
  /** Where the hierarchy is mounted. */
  readonly mount: string;
}

/** Where systemd and nft(8) expect control groups, of both versions. */
const cgroupRoot = '/sys/fs/cgroup';

/** The group of version 2 that a process is in; undefined when it is gone, or when there is none here. */
export function group2Of(pid: number): Group2 | undefined {
  const group = controlGroups(pid).find(({ controllers, folder }) => {
    return controllers.length === 0 && !relative(cgroupRoot, folder).startsWith('..');
  });
  return group && { folder: group.folder, mount: group.mount };
}

/** The nftables expression that holds for the sockets of a group and of those below it. */
export function nftMatch({ folder, mount }: Group2): string {
  const level = relative(mount, folder).split(sep).filter(Boolean).length;
  return `socket cgroupv2 level ${level} "${relative(cgroupRoot, folder)}"`;
}

/** Makes a group below another; it is no error when it is there. */
export function makeGroup(folder: string): void {
  mkdirSync(folder, { recursive: true });
}

/** False when the process is gone; throws without the right. */
export function moveInto(folder: string, pid: number): boolean {
  try {
    writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * Why processes of this group could not be moved into one below it and be known there, or undefined: makes such a
 * group, lets `attempt` use it, and removes it.
 */
export async function whyNotBelow(
  group: Group2,
  name: string,
  attempt: (made: Group2) => Promise<string | undefined>,
): Promise<string | undefined> {
  const folder = join(group.folder, name);
  for (const left of abandonedIn(group.folder)) remove(left);
  try {
    mkdirSync(folder);
  } catch (error) {
    return `no control group below ${group.folder}: ${(error as Error).message}`;
  }
  try {
    // Below a group that is threaded ours would be invalid for whole processes (cgroups(7)).
    const type = readFileSync(join(folder, 'cgroup.type'), 'utf8').trim();
    if (type !== 'domain') return `a control group below ${group.folder} would be ${type}`;
    return await attempt({ folder, mount: group.mount });
  } finally {
    // Somebody in another pid namespace may have taken it for abandoned.
    if (existsSync(folder)) rmdirSync(folder);
  }
}

const depthMax = 8;

/**
 * Removes groups in which a process of ours that is dead tried what it may do. No lease tells of them, because a plan
 * has none; a group in which somebody lives cannot be removed, and is a lease's.
 */
export function removeAbandonedGroups(): void {
  const group = group2Of(process.pid);
  if (group) removeBelow(group.mount, 0);
}

function removeBelow(folder: string, depth: number): void {
  for (const left of abandonedIn(folder)) remove(left);
  if (depth === depthMax) return;
  for (const inner of foldersIn(folder)) removeBelow(join(folder, inner), depth + 1);
}

/** Their names carry the pid of who made them: see `kernelName`. */
function abandonedIn(folder: string): string[] {
  return foldersIn(folder)
    .filter((name) => {
      const pid = makerOf(name);
      return pid !== undefined && !identify(pid);
    })
    .map((name) => join(folder, name));
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    // It has just been removed, or is not ours to read.
    return [];
  }
}

function remove(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody lives in it.
  }
}
