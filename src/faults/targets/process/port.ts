// `process.port`: whoever listens on a TCP port, as one thing. A pre-forking server is several processes that share
// one listening socket, under a parent that may not hold it itself:
//
//     master (same program) ── worker (holds the socket)
//                           ├─ worker (holds the socket)
//                           └─ helper (a descendant)
//
// `only` narrows the target to the holders.

import { UserError } from '../../../base/diagnostics.ts';
import type { Guard } from '../guard.ts';
import type { ProcessTargetHandle } from '../target.ts';
import {
  executable,
  listeningSockets,
  type ProcessStat,
  processTable,
  socketHolders,
  withDescendants,
} from './proc.ts';
import { runningTarget, type TargetIdentity } from './running.ts';

/** FD504 when nobody listens, FD506 when we may not see who does, FD506 and FD51x when it must not be acted on. */
export function portTarget(
  identity: TargetIdentity,
  { port, only }: { port: number; only: boolean },
  guard: Guard,
): ProcessTargetHandle {
  const holders = new PortHolders(port);
  refuseUnseen(identity.name, port, holders.look());
  return runningTarget(identity, guard, () => {
    const table = processTable();
    const pids = holders.look();
    if (only) return [...table.values()].filter((stat) => pids.includes(stat.pid));
    return withDescendants([...pids, ...sharedParents(pids, table)], table);
  });
}

/** Looking through the descriptors of every process is slow; as long as the sockets are the same, descendants do. */
class PortHolders {
  readonly #port: number;
  #inodes = '';
  #pids: readonly number[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  look(): readonly number[] {
    const inodes = listeningSockets(this.#port)
      .map((socket) => socket.inode)
      .sort();
    const known = new Set(this.#pids);
    if (inodes.join() !== this.#inodes || this.#pids.length === 0) {
      this.#pids = socketHolders(inodes);
    } else {
      const candidates = withDescendants(known, processTable()).map((stat) => stat.pid);
      this.#pids = socketHolders(inodes, candidates);
    }
    this.#inodes = inodes.join();
    return this.#pids;
  }
}

// The parent of two or more holders that runs the same program as they do: the master of a pre-forking server. A
// shell or a supervisor, which runs another program, is not part of the target.
function sharedParents(pids: readonly number[], table: Map<number, ProcessStat>): number[] {
  const parents = pids.flatMap((pid) => table.get(pid)?.parent ?? []);
  const shared = parents.filter((parent, index) => parents.indexOf(parent) !== index);
  return [...new Set(shared)].filter((parent) => {
    const program = executable(parent);
    return program !== undefined && pids.some((pid) => executable(pid) === program);
  });
}

function refuseUnseen(target: string, port: number, pids: readonly number[]): void {
  if (pids.length > 0) return;
  const [socket] = listeningSockets(port);
  if (!socket) throw UserError.of('FD504', `target ${target}: nobody listens on TCP port ${port}`);
  throw UserError.of(
    'FD506',
    `target ${target}: TCP port ${port} is held by a process of user ${socket.uid} that we may not look into`,
  );
}
