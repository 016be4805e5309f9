// A pid means a process only within one pid namespace. A lease that was written in another one (in a container that
// shares the state folder) is understood from here when its processes can be seen from here.

import { readFileSync, readlinkSync } from 'node:fs';
import { allPids, processStat, statOf } from '../targets/process/proc.ts';
import type { ProcessId } from '../targets/target.ts';

/** PROC_PID_INIT_INO of include/linux/proc_ns.h: the namespace from which every process can be seen. */
const initialNamespace = 0xef_ff_ff_fc;

/** The number of the namespace in which our own pids are counted; undefined where /proc does not tell. */
export function ownPidNamespace(): number | undefined {
  return pidNamespaceOf('self');
}

/** The process under the pid that it has here; `unseen` when its namespace may hold it where we cannot look. */
export function seenFromHere(id: ProcessId, namespace: number | undefined): ProcessId | 'gone' | 'unseen' {
  const own = ownPidNamespace();
  if (namespace === undefined || namespace === own) return statOf(id) ? id : 'gone';
  const members = allPids().filter((pid) => pidNamespaceOf(pid) === namespace);
  for (const pid of members) {
    const stat = innermostPid(pid) === id.pid ? processStat(pid) : undefined;
    if (stat?.startTime === id.startTime) return { pid, startTime: stat.startTime };
  }
  return members.length > 0 || own === initialNamespace ? 'gone' : 'unseen';
}

function pidNamespaceOf(pid: number | 'self'): number | undefined {
  try {
    const number = /^pid:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/pid`))?.[1];
    return number === undefined ? undefined : Number(number);
  } catch {
    return undefined;
  }
}

/** Its pid as it knows it itself: the last number of NSpid, see proc(5). */
function innermostPid(pid: number): number | undefined {
  try {
    const pids = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return pids === undefined ? undefined : Number(pids.trim().split(/\s+/).at(-1));
  } catch {
    return undefined;
  }
}
