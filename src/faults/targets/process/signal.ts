// Signals to a process that is known by pid and start time, so that a recycled pid is never hit.

import type { ProcessId } from '../target.ts';
import { isAlive } from './proc.ts';

export type SignalOutcome = 'sent' | 'gone' | 'denied';

/**
 * Node.js has no pidfd, so a process could in theory end and its pid be given out again between the look and the
 * signal; the kernel hands pids out in a circle, which makes those microseconds a matter of 32,768 forks.
 */
export function sendSignal(id: ProcessId, signal: NodeJS.Signals): SignalOutcome {
  if (!isAlive(id)) return 'gone';
  try {
    process.kill(id.pid, signal);
    return 'sent';
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ESRCH') return 'gone';
    if (code === 'EPERM') return 'denied';
    throw error;
  }
}

/** Whether we have the right to signal it; a process that is gone counts as ours. */
export function maySignal(id: ProcessId): boolean {
  try {
    process.kill(id.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}
