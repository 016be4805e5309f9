// What must not be hit, whatever the file says: each refusal has a code of its own, and `--allow CODE` lifts exactly
// that one.

import type { ErrorCode } from '../../base/catalogue.ts';
import { type Diagnostic, UserError } from '../../base/diagnostics.ts';
import { ancestry, commandLine, type ProcessStat } from './process/proc.ts';
import { maySignal } from './process/signal.ts';

export interface GuardOptions {
  /** Codes that the user has lifted. */
  readonly allow: ReadonlySet<ErrorCode>;
  /** Pids that are ours beside our own: the watchdog. */
  ownPids(): readonly number[];
}

/** Throws a UserError with every reason why these processes of a target must not, or cannot, be acted on. */
export type Guard = (target: string, members: readonly ProcessStat[]) => void;

export function createGuard({ allow, ownPids }: GuardOptions): Guard {
  return (target, members) => {
    const own = new Set([process.pid, ...ownPids()]);
    const above = new Set(
      ancestry(process.pid)
        .slice(1)
        .map((stat) => stat.pid),
    );
    const diagnostics = members.flatMap((stat): Diagnostic[] => {
      const code = refusal(stat, own, above);
      return code && !allow.has(code) ? [describe(code, target, stat)] : [];
    });
    if (diagnostics.length > 0) throw new UserError(diagnostics);
  };
}

function refusal(
  stat: ProcessStat,
  own: ReadonlySet<number>,
  above: ReadonlySet<number>,
): ErrorCode | undefined {
  if (stat.isKernelThread) return 'FD513';
  if (stat.pid === 1) return 'FD510';
  if (own.has(stat.pid)) return 'FD511';
  if (above.has(stat.pid)) return 'FD512';
  return maySignal(stat) ? undefined : 'FD506';
}

function describe(code: ErrorCode, target: string, stat: ProcessStat): Diagnostic {
  const verb = code === 'FD506' ? 'cannot act on' : 'must not hit';
  return {
    code,
    severity: 'error',
    message: `target ${target} ${verb} process ${stat.pid} (${commandLine(stat.pid).slice(0, 80)})`,
  };
}
