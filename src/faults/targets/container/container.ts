// A container as a target. Its engine is asked anew each time, because a container keeps its id when it is started
// again, but not its processes.

import { readFileSync, readlinkSync } from 'node:fs';
import { UserError } from '../../../base/diagnostics.ts';
import type { Guard } from '../guard.ts';
import { controlGroups, groupMembers } from '../process/cgroup.ts';
import { ancestry, identify, processStat } from '../process/proc.ts';
import type { TargetIdentity } from '../process/running.ts';
import type { ContainerTargetHandle, ProcessId } from '../target.ts';
import type { InspectedContainer } from './engine.ts';
import type { FoundContainer } from './find.ts';

/** FD511 when it is the container that we run in, FD51x when it holds a process that must not be hit. */
export async function containerTarget(
  identity: TargetIdentity,
  { engine, runtime, id, name }: FoundContainer,
  guard: Guard,
  allowsOwn: boolean,
): Promise<ContainerTargetHandle> {
  if (!allowsOwn && weAreIn(id))
    throw UserError.of('FD511', `target ${identity.name}: Firedrill itself runs in container ${name}`);
  const inspect = () => engine.inspect(id);
  const processes = async () => {
    const members = membersOf(await inspect());
    guardOwn(identity.name, members, guard);
    return members;
  };
  await processes();
  return {
    type: 'container',
    ...identity,
    engine,
    container: { socket: engine.socket, runtime, id, name },
    inspect,
    processes,
    describe: async () => describeContainer(name, runtime, await inspect()),
  };
}

/**
 * Its processes, the first one first; none when it does not run, or when they are not among those that we see: the
 * engine may live on another machine or in a process namespace of its own, where its pids mean somebody else.
 */
function membersOf(inspected: InspectedContainer | undefined): ProcessId[] {
  if (!inspected?.State.Running || inspected.State.Pid <= 0) return [];
  const { Id, State } = inspected;
  const group = controlGroups(State.Pid).find(({ folder }) => folder.includes(Id));
  const root = identify(State.Pid);
  if (!group || !root) return [];
  const others = groupMembers(group.folder).filter((pid) => pid !== root.pid && !isGuest(pid, root.pid));
  return [root, ...others.flatMap((pid) => identify(pid) ?? [])];
}

/** Workers of ours that stress a container join its control groups from outside; they are none of its processes. */
function isGuest(pid: number, root: number): boolean {
  const ours = pidNamespace('self');
  return ours !== undefined && pidNamespace(pid) === ours && pidNamespace(root) !== ours;
}

function pidNamespace(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

// Whether we may signal a process is no question here: the engine does it for us. Whose it is still is.
function guardOwn(target: string, members: readonly ProcessId[], guard: Guard): void {
  const own = new Set(ancestry(process.pid).map(({ pid }) => pid));
  const stats = members.filter(({ pid }) => own.has(pid)).flatMap(({ pid }) => processStat(pid) ?? []);
  if (stats.length > 0) guard(target, stats);
}

/** Files that engines mount into a container from the folder that they keep for it, which carries its id. */
const mountedForUs = ['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'];

function weAreIn(id: string): boolean {
  if (readFileSync('/proc/self/cgroup', 'utf8').includes(id)) return true;
  // ID PARENT DEVICE ROOT FOLDER …, see proc(5).
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounts.some((line) => {
    const [, , , root = '', folder = ''] = line.split(' ');
    return mountedForUs.includes(folder) && root.includes(id);
  });
}

function describeContainer(name: string, runtime: string, inspected: InspectedContainer | undefined): string {
  if (!inspected) return `container ${name} of ${runtime} (gone)`;
  const { Id, State } = inspected;
  const pid = State.Pid > 0 ? `, pid ${State.Pid}` : '';
  return `container ${name} of ${runtime} (${Id.slice(0, 12)}, ${State.Status}${pid})`;
}
