// A family is a set of processes that is looked up again each time: whoever belongs by a rule now, whoever belonged
// at an earlier look and still lives, and all their descendants. So a child that lost its parent is not lost.

import type { ProcessId } from '../target.ts';
import { environment, type ProcessStat, processStat, processTable, withDescendants } from './proc.ts';

/** Tells which processes of the table belong; their descendants follow by themselves. */
export type Membership = (table: Map<number, ProcessStat>) => Iterable<number>;

export class Family {
  readonly #memberships: readonly Membership[];
  #known: readonly ProcessId[] = [];

  constructor(...memberships: Membership[]) {
    this.#memberships = memberships;
  }

  /** Every live member, parents before children. */
  look(): ProcessStat[] {
    const table = processTable();
    const roots = this.#memberships.flatMap((membership) => [...membership(table)]);
    for (const { pid, startTime } of this.#known)
      if (table.get(pid)?.startTime === startTime) roots.push(pid);
    const members = withDescendants(roots, table);
    this.#known = members;
    return members;
  }
}

/** These processes. */
export function processes(ids: readonly ProcessId[]): Membership {
  return (table) =>
    ids.filter(({ pid, startTime }) => table.get(pid)?.startTime === startTime).map(({ pid }) => pid);
}

/** The variable that every process started by a run carries in its environment. */
export const markVariable = 'FIREDRILL_MARK';

/** Processes that were started with this mark, whatever became of their parents, groups and sessions. */
export function marked(mark: string): Membership {
  const entry = `${markVariable}=${mark}`;
  return (table) =>
    [...table.values()]
      .filter((stat) => !stat.isKernelThread && environment(stat.pid)?.includes(entry))
      .map((stat) => stat.pid);
}

/**
 * Processes in the session that `leader` opened. While the leader exists its session number is its own. Once it is
 * gone the number may come back with a stranger, so then only those count that have overwritten their environment
 * (nginx, PostgreSQL and stress-ng write their title there), because anyone else is known by the mark.
 */
export function sessionOf(leader: ProcessId): Membership {
  return (table) => {
    const now = processStat(leader.pid);
    if (now && now.startTime !== leader.startTime) return [];
    return [...table.values()]
      .filter((stat) => stat.session === leader.pid && stat.startTime >= leader.startTime)
      .filter((stat) => now !== undefined || hasNoEnvironment(stat.pid))
      .map((stat) => stat.pid);
  };
}

function hasNoEnvironment(pid: number): boolean {
  return environment(pid)?.every((entry) => !/^[A-Za-z_]\w*=/.test(entry)) ?? false;
}
