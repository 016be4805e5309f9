// How likely the kernel ends a worker first when memory runs out (proc(5)). Anyone may raise it; to lower it below what
// a process began with takes CAP_SYS_RESOURCE.

import { readFileSync, writeFileSync } from 'node:fs';

/** Tried on ourselves, and put back. */
export function maySetOomScore(score: number): boolean {
  const file = '/proc/self/oom_score_adj';
  const before = readFileSync(file, 'utf8');
  if (score >= Number(before)) return true;
  try {
    writeFileSync(file, String(score));
    writeFileSync(file, before);
    return true;
  } catch {
    return false;
  }
}

export function setOomScore(pid: number, score: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(score));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // The worker has just ended, which is noticed elsewhere.
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
  }
}
