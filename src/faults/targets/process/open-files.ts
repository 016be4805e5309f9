// The limit of open files of a running process (prlimit(1)), and of whoever inherited it.

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { ProcessId } from '../target.ts';
import { Family, processes } from './family.ts';
import { isAlive } from './proc.ts';

const run = promisify(execFile);
const commandMsMax = 5000;

/** The soft limit; undefined when the process is gone or has none. */
export function openFilesLimit(pid: number): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** Sets the soft limit only: the hard one could not be raised again without root. */
export async function limitOpenFiles(id: ProcessId, soft: number): Promise<void> {
  if (!isAlive(id)) return;
  await run('prlimit', ['--pid', String(id.pid), `--nofile=${soft}:`], { timeout: commandMsMax });
}

/** Gives a process, and the descendants that inherited the limit `from`, the limit `to`. Says who kept the old one. */
export async function restoreOpenFiles(id: ProcessId, from: number, to: number): Promise<number[]> {
  const family = new Family(processes([id]));
  const limited = () => family.look().filter(({ pid }) => openFilesLimit(pid) === from);
  for (const member of limited()) await limitOpenFiles(member, to).catch(() => {});
  return from === to ? [] : limited().map(({ pid }) => pid);
}
