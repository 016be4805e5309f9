// The control groups that hold a target while the packet filter has to know it. Faults on one target share them:
// whoever comes first moves the processes in, whoever leaves last moves them back, in whatever order they leave.

import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { ExtendLease } from '../fault.ts';
import type { UndoStep } from '../leases/lease.ts';
import { leaveCgroup } from '../leases/steps/leave-cgroup.ts';
import type { StepOutcome } from '../leases/steps/outcome.ts';
import type { ProcessTargetHandle } from '../targets/target.ts';
import { type Group2, group2Of, makeGroup, moveInto, nftMatch } from './cgroup2.ts';
import { kernelName } from './nft-table.ts';

interface OwnGroup extends Group2 {
  readonly origin: string;
}

const shared = new WeakMap<ProcessTargetHandle, TargetGroups>();

/** Processes may fork while they are moved; their children are born inside as soon as they are. */
const roundsMax = 10;

export class TargetGroups {
  readonly #target: ProcessTargetHandle;
  readonly #name = kernelName();
  readonly #groups = new Map<string, OwnGroup>();
  #users = 0;

  private constructor(target: ProcessTargetHandle) {
    this.#target = target;
  }

  /** Moves the target into groups of ours; the way back is in the lease before anything is made. */
  static async enter(target: ProcessTargetHandle, extend: ExtendLease): Promise<TargetGroups> {
    const groups = shared.get(target) ?? new TargetGroups(target);
    shared.set(target, groups);
    groups.#users++;
    try {
      await groups.#extendBy(extend, [...groups.#groups.values()]);
      await groups.gather(extend);
    } catch (error) {
      // What was made by then is in the lease, whose steps take it back unless somebody else needs it.
      groups.#users--;
      if (groups.#users === 0) shared.delete(target);
      throw error;
    }
    return groups;
  }

  /** One nftables expression a group: a packet of the target matches one of them. */
  get matches(): string[] {
    return [...this.#groups.values()].map(nftMatch);
  }

  /** Absolute paths of the groups that hold the target now. */
  get folders(): string[] {
    return [...this.#groups.values()].map(({ folder }) => folder);
  }

  /** The steps that thaw the groups whoever else keeps them, for the lease of who freezes them. */
  get thawingSteps(): UndoStep[] {
    return [...this.#groups.values()].map(({ folder: path, origin }) => {
      return { type: 'leave-cgroup', path, origin, frozen: true };
    });
  }

  /** Brings in whoever belongs to the target and is outside: children of a supervisor, a replacement. */
  async gather(extend: ExtendLease): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      const outside = await this.#outside();
      if (outside.length === 0) return;
      for (const { pid, group } of outside) {
        if (!this.#groups.has(group.folder)) await this.#make(group, extend);
        moveInto(this.#groups.get(group.folder)!.folder, pid);
      }
    }
  }

  /** Processes of the target that are in none of our groups. */
  async astray(): Promise<number[]> {
    return (await this.#outside()).map(({ pid }) => pid);
  }

  /** The last user's leaving moves the processes back and removes the groups. */
  async leave(clock: Clock): Promise<StepOutcome[]> {
    this.#users--;
    if (this.#users > 0) return [];
    shared.delete(this.#target);
    const outcomes: StepOutcome[] = [];
    for (const { folder, origin } of this.#groups.values())
      outcomes.push(await leaveCgroup(folder, origin, { clock, graceMs: 0 }));
    return outcomes;
  }

  async #outside(): Promise<{ readonly pid: number; readonly group: Group2 }[]> {
    const own = new Set([...this.#groups.values()].map(({ folder }) => folder));
    return (await this.#target.processes()).flatMap(({ pid }) => {
      const group = group2Of(pid);
      return group && !own.has(group.folder) ? [{ pid, group }] : [];
    });
  }

  async #make(origin: Group2, extend: ExtendLease): Promise<void> {
    const group = { folder: join(origin.folder, this.#name), mount: origin.mount, origin: origin.folder };
    await this.#extendBy(extend, [group]);
    makeGroup(group.folder);
    this.#groups.set(origin.folder, group);
  }

  async #extendBy(extend: ExtendLease, groups: readonly OwnGroup[]): Promise<void> {
    if (groups.length === 0) return;
    await extend(groups.map(({ folder, origin }) => ({ type: 'leave-cgroup', path: folder, origin })));
  }
}
