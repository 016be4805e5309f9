// What must not be hit, whatever the file says: each refusal has a code of its own, and `--allow CODE` lifts exactly
// that one.

import type { ErrorCode } from '../../base/catalogue.ts';
import { type Diagnostic, UserError } from '../../base/diagnostics.ts';
import { ancestry, commandLine, type ProcessStat, processTable, userOf } from './process/proc.ts';
import { maySignal } from './process/signal.ts';

/** Throws a UserError with every reason why these processes of a target must not, or cannot, be acted on. */
export type Guard = (target: string, members: readonly ProcessStat[]) => void;

/**
 * `allow`: codes that the user has lifted. The watchdog and the targets that we start ourselves are below us in the
 * process tree, so they can only be hit together with us.
 */
export function createGuard(allow: ReadonlySet<ErrorCode>): Guard {
  return (target, members) => {
    const above = new Set(
      ancestry(process.pid)
        .slice(1)
        .map((stat) => stat.pid),
    );
    const diagnostics = members.flatMap((stat): Diagnostic[] => {
      const code = refusal(stat, above);
      return code && !allow.has(code) ? [describe(code, target, stat)] : [];
    });
    if (!allow.has('FD514')) diagnostics.push(...wholeUsers(members).map((uid) => describeUser(target, uid)));
    if (diagnostics.length > 0) throw new UserError(diagnostics);
  };
}

/** Ids of people begin here (UID_MIN of login.defs(5)); below are services, whose processes are one program's. */
const firstPerson = 1000;
const nobody = 65_534;

/** Users of whom nothing is left outside of these processes, although they are more than one session's. */
function wholeUsers(members: readonly ProcessStat[]): number[] {
  if (new Set(members.map((stat) => stat.session)).size < 2) return [];
  const users = new Set(members.map((stat) => userOf(stat.pid)).filter((uid) => uid !== undefined));
  const people = [...users].filter((uid) => uid >= firstPerson && uid !== nobody);
  if (people.length === 0) return [];
  const hit = new Set(members.map((stat) => stat.pid));
  const others = new Set([...processTable().keys()].filter((pid) => !hit.has(pid)).map(userOf));
  return people.filter((uid) => !others.has(uid) && sessionsOf(uid, members) > 1);
}

function sessionsOf(uid: number, members: readonly ProcessStat[]): number {
  return new Set(members.filter((stat) => userOf(stat.pid) === uid).map((stat) => stat.session)).size;
}

function describeUser(target: string, uid: number): Diagnostic {
  return {
    code: 'FD514',
    severity: 'error',
    message: `target ${target} must not hit every process of user ${uid}`,
  };
}

function refusal(stat: ProcessStat, above: ReadonlySet<number>): ErrorCode | undefined {
  if (stat.isKernelThread) return 'FD513';
  if (stat.pid === 1) return 'FD510';
  if (stat.pid === process.pid) return 'FD511';
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
