// The network namespace that a target's connections are made and accepted in, and whether we may act there.

import { UserError } from '../../base/diagnostics.ts';
import type { FaultRequest, Usability } from '../fault.ts';
import { networkOf, type Place, placeOf } from '../network-chaos/namespace.ts';
import { runningContainer } from '../targets/container/fault.ts';
import { forbidden, unseen } from '../targets/container/process-view.ts';
import type { ContainerTargetHandle, ProcessTargetHandle } from '../targets/target.ts';

export interface Home {
  readonly place: Place;
  readonly pids: readonly number[];
  /** The kernel's name of the namespace. */
  readonly network: string | undefined;
}

/** The target, which is a process or a container: drivers of these are not asked about others. */
export function targetOf({ name, target }: FaultRequest): ProcessTargetHandle | ContainerTargetHandle {
  if (target.type === 'process' || target.type === 'container') return target;
  throw new Error(`${name}: the target is neither a process nor a container`);
}

/** Throws a UserError when it has no process any more, or when they do not share a network namespace. */
export async function homeOf(request: FaultRequest): Promise<Home> {
  const pids = (await targetOf(request).processes()).map(({ pid }) => pid);
  const found = placeOf(pids);
  if (typeof found === 'object') return { place: found.place, pids, network: networkOf(pids[0]!) };
  const why = found === 'none' ? 'has no process any more' : 'is in several network namespaces';
  throw UserError.of('FD656', `${request.name}: target ${request.target.name} ${why}`);
}

/** Why the target is not where it was, or undefined: a container that is started again has a new network namespace. */
export async function whyElsewhere({ network }: Home, request: FaultRequest): Promise<string | undefined> {
  const networks = (await targetOf(request).processes()).flatMap(({ pid }) => networkOf(pid) ?? []);
  if (networks.every((each) => each === network)) return undefined;
  return 'the target is in another network namespace than when the fault began';
}

/** Why we cannot act where the target is, or undefined. A command has not been started yet: it will be where we are. */
export async function unreachable(request: FaultRequest): Promise<Usability | undefined> {
  const { declared, machine } = request;
  const target = targetOf(request);
  if (target.type === 'container') {
    const running = await runningContainer(request);
    if (!running.usable) return running;
    if (machine.uid !== 0) return forbidden(target);
  }
  if (declared.type === 'command') return undefined;
  const pids = (await target.processes()).map(({ pid }) => pid);
  const found = placeOf(pids);
  if (found === 'none' && target.type === 'container') return unseen(target);
  if (found === 'none')
    return { usable: false, reason: 'the target has no process', remedy: 'start it first' };
  if (found === 'several')
    return {
      usable: false,
      reason: 'its processes are in several network namespaces',
      remedy: 'name one of them as a target of its own, by its pid',
    };
  if (found.place !== undefined && machine.uid !== 0)
    return {
      usable: false,
      reason: `process ${found.place} of the target is in another network namespace`,
      remedy: 'run as root (CAP_SYS_ADMIN and CAP_NET_ADMIN)',
    };
  return undefined;
}
