// Control groups of a process: which it is in, what memory they allow, and how another process joins them. Version 1
// has a hierarchy for each set of controllers, version 2 one for all; a hybrid machine has both (cgroups(7)).

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface ControlGroup {
  /** Version 1: the controllers of its hierarchy. Version 2: empty. */
  readonly controllers: readonly string[];
  /** Absolute path of its folder. */
  readonly folder: string;
  /** Where its hierarchy is mounted. */
  readonly mount: string;
}

/** Groups that bound what a process may use; others (freezer, devices, named ones) are not joined. */
const resourceControllers = new Set(['cpu', 'cpuacct', 'cpuset', 'memory', 'blkio', 'pids']);

/** The groups of a process that are mounted here; none when it is gone. */
export function controlGroups(pid: number): ControlGroup[] {
  const mounts = hierarchies();
  return lines(`/proc/${pid}/cgroup`).flatMap((line) => {
    // `4:memory:/group` in version 1, `0::/group` in version 2.
    const [, names = '', ...rest] = line.split(':');
    const controllers = names.split(',').filter(Boolean);
    const mount = mounts.find((candidate) =>
      controllers.length === 0
        ? candidate.isVersion2
        : !candidate.isVersion2 && controllers.every((name) => candidate.options.includes(name)),
    );
    if (!mount) return [];
    const inside = relative(mount.root, rest.join(':'));
    // Above the root of our own view: it exists, but there is no path to it.
    if (inside.startsWith('..')) return [];
    return [{ controllers, folder: join(mount.folder, inside), mount: mount.folder }];
  });
}

/** Pids in a group and in those below it, as far as our process namespace has them. */
export function groupMembers(folder: string): number[] {
  const below = subfolders(folder).flatMap((name) => groupMembers(join(folder, name)));
  return [...lines(join(folder, 'cgroup.procs')).map(Number), ...below].filter((pid) => pid > 0);
}

interface Hierarchy {
  readonly folder: string;
  readonly root: string;
  readonly isVersion2: boolean;
  readonly options: readonly string[];
}

// Fields of /proc/PID/mountinfo, see proc(5): ID PARENT DEVICE ROOT FOLDER OPTIONS … - TYPE SOURCE OPTIONS
function hierarchies(): Hierarchy[] {
  return lines('/proc/self/mountinfo').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', folder = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') return [];
    return [{ folder, root, isVersion2: type === 'cgroup2', options: options.split(',') }];
  });
}

/**
 * Moves a process into those groups of another that bound resources and that it is not in yet. Returns the folders
 * that it joined; a group that we may not write is left out.
 */
export function joinGroupsOf(other: number, pid: number): string[] {
  const present = new Set(controlGroups(pid).map((group) => group.folder));
  return controlGroups(other)
    .filter((group) => group.controllers.every((name) => resourceControllers.has(name)))
    .map((group) => group.folder)
    .filter((folder) => !present.has(folder) && tryToJoin(folder, pid));
}

function tryToJoin(folder: string, pid: number): boolean {
  try {
    writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    return true;
  } catch {
    return false;
  }
}

/** The tightest memory limit over the process's group and the groups above it, in bytes; undefined without one. */
export function memoryLimit(pid: number): number | undefined {
  const limits = controlGroups(pid).flatMap((group) => limitsUpwards(group));
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function limitsUpwards({ controllers, folder, mount }: ControlGroup): number[] {
  const file = controllers.includes('memory')
    ? 'memory.limit_in_bytes'
    : controllers.length === 0
      ? 'memory.max'
      : undefined;
  const limits: number[] = [];
  for (let place = folder; file && place.startsWith(mount); place = dirname(place)) {
    const limit = Number(lines(join(place, file))[0]);
    // Version 2 says `max`, version 1 a number near 2^63, when there is none.
    if (Number.isFinite(limit) && limit < 2 ** 60) limits.push(limit);
  }
  return limits;
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}

/** Names of the groups right in a group. */
export function subfolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
