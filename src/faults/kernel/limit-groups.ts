// Groups of version 1 that bound what a target may use. Ours is made below the group that a process is in, so that the
// limits it had go on to hold. What a process has used before it was moved stays charged where it was: a memory limit
// counts only what it takes from then on (cgroup v1, memory.move_charge_at_immigrate).

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { ExtendLease } from '../fault.ts';
import { LeaseEndedError } from '../leases/journal.ts';
import { leaveCgroup } from '../leases/steps/leave-cgroup.ts';
import type { StepOutcome } from '../leases/steps/outcome.ts';
import { controlGroups } from '../targets/process/cgroup.ts';
import { identify } from '../targets/process/proc.ts';
import type { ProcessTargetHandle } from '../targets/target.ts';
import { moveInto } from './cgroup2.ts';
import { kernelName, kernelNamePrefix } from './nft-table.ts';

export interface GroupLimit {
  readonly controller: 'cpu' | 'memory' | 'pids' | 'blkio';
  readonly file: string;
  readonly value: string;
}

const lookEveryMs = 200;
const roundsMax = 10;

/** Why these limits cannot be set for a process, or undefined; tries with groups that it removes again. */
export async function whyNoLimits(
  pid: number,
  limits: readonly GroupLimit[],
  clock: Clock,
): Promise<string | undefined> {
  for (const { controller, file, value } of limits) {
    const origin = groupOf(pid, controller);
    // A child that has ended meanwhile.
    if (origin === undefined && !identify(pid)) return undefined;
    if (origin === undefined) return `process ${pid} is in no ${controller} group of version 1`;
    const folder = join(origin, kernelName());
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, file), value);
    } catch (error) {
      return `${controller} cannot be limited below ${origin}: ${(error as Error).message}`;
    } finally {
      await leaveCgroup(folder, origin, { clock, graceMs: 0 });
    }
  }
  return undefined;
}

export class LimitGroups {
  readonly #target: ProcessTargetHandle;
  readonly #limits: readonly GroupLimit[];
  readonly #extend: ExtendLease;
  readonly #name = kernelName();
  /** Our group's folder to the one that its members came from. */
  readonly #origins = new Map<string, string>();
  readonly #ending = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  private constructor(target: ProcessTargetHandle, limits: readonly GroupLimit[], extend: ExtendLease) {
    this.#target = target;
    this.#limits = limits;
    this.#extend = extend;
  }

  /** The way back is in the lease before a group is made; children are born inside, and newcomers are brought in. */
  static async enter(
    target: ProcessTargetHandle,
    limits: readonly GroupLimit[],
    clock: Clock,
    extend: ExtendLease,
  ): Promise<LimitGroups> {
    const groups = new LimitGroups(target, limits, extend);
    await groups.#gather();
    groups.#watching = groups.#watch(clock);
    return groups;
  }

  /** Texts of a file of our groups of a controller. */
  read(controller: GroupLimit['controller'], file: string): string[] {
    return this.#folders(controller).flatMap((folder) => textOf(join(folder, file)) ?? []);
  }

  async missing(): Promise<string | undefined> {
    const pids = (await this.#target.processes()).map(({ pid }) => pid);
    if (pids.length === 0) return `target ${this.#target.name} has no process any more`;
    for (const { controller } of this.#limits) {
      const astray = pids.find((pid) => !this.#isInside(pid, controller));
      if (astray !== undefined) return `process ${astray} is outside the limited ${controller} group`;
    }
    return undefined;
  }

  /** Moves everybody back and removes the groups; idempotent. */
  async leave(clock: Clock): Promise<StepOutcome[]> {
    this.#ending.abort();
    await this.#watching;
    const outcomes: StepOutcome[] = [];
    for (const [folder, origin] of this.#origins)
      outcomes.push(await leaveCgroup(folder, origin, { clock, graceMs: 0 }));
    return outcomes;
  }

  async #watch(clock: Clock): Promise<void> {
    for (;;) {
      await clock.sleep(lookEveryMs, this.#ending.signal);
      if (this.#ending.signal.aborted) return;
      try {
        // Asked each time: after the watchdog's undo nobody may be brought in again.
        await this.#extend([]);
        await this.#gather();
      } catch (error) {
        if (error instanceof LeaseEndedError) return;
        // `missing` tells of who is outside.
      }
    }
  }

  async #gather(): Promise<void> {
    for (let round = 0; round < roundsMax; round++) {
      let moved = 0;
      for (const { pid } of await this.#target.processes())
        for (const controller of new Set(this.#limits.map((limit) => limit.controller)))
          if (!this.#isInside(pid, controller)) moved += await this.#bringIn(pid, controller);
      if (moved === 0) return;
    }
  }

  async #bringIn(pid: number, controller: GroupLimit['controller']): Promise<number> {
    const origin = groupOf(pid, controller);
    // It has ended meanwhile.
    if (origin === undefined) return 0;
    if (basename(origin).startsWith(kernelNamePrefix))
      throw new Error(`another fault limits ${controller} of process ${pid} already`);
    const folder = join(origin, this.#name);
    await this.#extend([{ type: 'leave-cgroup', path: folder, origin }]);
    this.#origins.set(folder, origin);
    mkdirSync(folder, { recursive: true });
    for (const limit of this.#limits)
      if (limit.controller === controller) writeFileSync(join(folder, limit.file), limit.value);
    return moveInto(folder, pid) ? 1 : 0;
  }

  #isInside(pid: number, controller: GroupLimit['controller']): boolean {
    const folder = groupOf(pid, controller);
    return folder === undefined || folder.split('/').includes(this.#name);
  }

  #folders(controller: GroupLimit['controller']): string[] {
    const file = this.#limits.find((limit) => limit.controller === controller)?.file;
    return [...this.#origins.keys()].filter((folder) => file && textOf(join(folder, file)) !== undefined);
  }
}

function groupOf(pid: number, controller: string): string | undefined {
  return controlGroups(pid).find(({ controllers }) => controllers.includes(controller))?.folder;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
