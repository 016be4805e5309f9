// The limits of a container in the control groups that its engine made for it, of version 1 and 2 (cgroups(7)): the file
// of each, what is written there, and the counter that tells how often it held somebody back.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlGroups } from '../targets/process/cgroup.ts';
import type { ContainerLimits } from './spec.ts';

export interface LimitFile {
  /** Absolute path. */
  readonly path: string;
  readonly value: string;
  /** As it is now, to be written back. */
  readonly former: string;
}

const periodUs = 100_000;

/** Undefined when this machine has no such controller for the container. */
export function limitFiles(
  pid: number,
  id: string,
  { cpus, memoryBytes, pids }: ContainerLimits,
): LimitFile[] | undefined {
  const groups = groupsOf(pid, id);
  const wanted = [
    ...(cpus === undefined ? [] : [cpuFile(groups, cpus)]),
    ...(memoryBytes === undefined
      ? []
      : [groups.file('memory', { 1: 'memory.limit_in_bytes', 2: 'memory.max' }, String(memoryBytes))]),
    ...(pids === undefined ? [] : [groups.file('pids', { 1: 'pids.max', 2: 'pids.max' }, String(pids))]),
  ];
  const files = wanted.flatMap((file) => file ?? []);
  return files.length === wanted.length ? files : undefined;
}

function cpuFile(groups: Groups, cpus: number): LimitFile | undefined {
  const version2 = groups.file('cpu', { 2: 'cpu.max' }, `${Math.round(cpus * periodUs)} ${periodUs}`);
  if (version2) return version2;
  const period = groups.file('cpu', { 1: 'cpu.cfs_period_us' }, '')?.former;
  const quota = String(Math.round(cpus * Number(period)));
  return groups.file('cpu', { 1: 'cpu.cfs_quota_us' }, quota);
}

/** How often limits of the container held it back, since its groups were made: throttled, refused or killed. */
export function heldBack(pid: number, id: string): number {
  const groups = groupsOf(pid, id);
  const read = (controller: string, name: string, field?: string) => {
    const text = groups.read(controller, name) ?? '';
    return Number((field === undefined ? text : new RegExp(`^${field} (\\d+)$`, 'm').exec(text)?.[1]) || 0);
  };
  return (
    read('cpu', 'cpu.stat', 'nr_throttled') +
    read('memory', 'memory.failcnt') +
    read('memory', 'memory.events', 'max') +
    read('pids', 'pids.events', 'max')
  );
}

interface Groups {
  /** The first of these names, by version of the hierarchy, that exists for the controller. */
  file(controller: string, names: { 1?: string; 2?: string }, value: string): LimitFile | undefined;
  read(controller: string, name: string): string | undefined;
}

function groupsOf(pid: number, id: string): Groups {
  const own = controlGroups(pid).filter(({ folder }) => folder.includes(id));
  const folderOf = (controller: string) =>
    own.find(({ controllers }) => controllers.includes(controller)) ??
    own.find(({ controllers }) => controllers.length === 0);
  const pathOf = (controller: string, name: string | undefined) => {
    const folder = folderOf(controller)?.folder;
    const path = folder && name && join(folder, name);
    return path && existsSync(path) ? path : undefined;
  };
  return {
    file(controller, names, value) {
      const path = pathOf(controller, names[1]) ?? pathOf(controller, names[2]);
      return path ? { path, value, former: readFileSync(path, 'utf8').trim() } : undefined;
    },
    read(controller, name) {
      const path = pathOf(controller, name);
      return path && readFileSync(path, 'utf8').trim();
    },
  };
}
