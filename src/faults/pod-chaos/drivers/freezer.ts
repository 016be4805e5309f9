// `pod-failure` by a control group that is frozen. All processes stop at once, what they fork is stopped with them,
// nobody's SIGCONT wakes them, and no parent hears of it, as it would of SIGSTOP. SIGKILL still ends them.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import type { ActiveFault, FaultDriver, FaultRequest } from '../../fault.ts';
import { group2Of, whyNotBelow } from '../../kernel/cgroup2.ts';
import { kernelName } from '../../kernel/nft-table.ts';
import { TargetGroups } from '../../kernel/target-groups.ts';
import { LeaseEndedError } from '../../leases/journal.ts';
import { groupMembers } from '../../targets/process/cgroup.ts';
import { identify } from '../../targets/process/proc.ts';
import type { ProcessTargetHandle } from '../../targets/target.ts';
import type { PodChaosSpec } from '../pod-chaos.ts';

const lookEveryMs = 200;
const freezeMsMax = 2000;
const freezeLookEveryMs = 5;

export const freezer: FaultDriver<PodChaosSpec> = {
  name: 'freezer',

  async probe({ spec, target }) {
    if (spec.by !== 'freezer')
      return {
        usable: false,
        reason: 'it was not asked for',
        remedy: 'ask with `by: freezer`',
        otherTarget: true,
      };
    if (target.type !== 'process')
      return { usable: false, reason: `target ${target.name} has no processes`, remedy: 'name a process' };
    const remedy = 'run as root with control groups of version 2, or leave `by` out';
    const pids = (await target.processes()).map(({ pid }) => pid);
    // A target that is not started yet will be in our own group.
    for (const pid of pids.length > 0 ? pids : [process.pid]) {
      const group = group2Of(pid);
      // A child that has ended meanwhile.
      if (!group && !identify(pid)) continue;
      if (!group) return { usable: false, reason: `process ${pid} is in no group of version 2`, remedy };
      const reason = await whyNotBelow(group, kernelName(), async ({ folder }) =>
        existsSync(join(folder, 'cgroup.freeze')) ? undefined : `${folder} cannot be frozen`,
      );
      if (reason) return { usable: false, reason, remedy };
    }
    return { usable: true };
  },

  plan: ({ target }) => ({
    what: `freezes every process of ${target.name}`,
    how: 'in a control group of its own, children included; connections are still accepted, but not answered',
    undo: 'the group is thawed, its members go back to where they were, and it is removed',
    survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
    hits: 'processes frozen',
  }),

  // The groups are in the lease before they are made.
  undoSteps: async () => [],

  async inject({ target, clock }: FaultRequest<PodChaosSpec>, _prepared, extend): Promise<ActiveFault> {
    if (target.type !== 'process') throw new Error('the probe refuses targets without processes');
    const groups = await TargetGroups.enter(target, extend);
    const seen = new Set<number>();
    const freezeAll = async () => {
      await extend(groups.thawingSteps);
      for (const folder of groups.folders) {
        for (const pid of groupMembers(folder)) seen.add(pid);
        await freeze(folder, clock);
      }
    };
    try {
      await freezeAll();
    } catch (error) {
      for (const folder of groups.folders) setFrozen(folder, false);
      await groups.leave(clock);
      throw error;
    }
    const ending = new AbortController();
    const watching = (async () => {
      for (;;) {
        await clock.sleep(lookEveryMs, ending.signal);
        if (ending.signal.aborted) return;
        try {
          // Asked each time: after the watchdog's undo nobody may be frozen again.
          await extend([]);
          if ((await groups.astray()).length === 0) continue;
          await groups.gather(extend);
          await freezeAll();
        } catch (error) {
          if (error instanceof LeaseEndedError) return;
          // `missing` tells of who runs.
        }
      }
    })();
    let folders: string[] = [];
    let left: string[] = [];
    return {
      hits: () => seen.size,
      missing: () => missing(target, groups),
      async undo() {
        if (ending.signal.aborted) return;
        ending.abort();
        await watching;
        folders = groups.folders;
        for (const folder of folders) setFrozen(folder, false);
        left = (await groups.leave(clock)).flatMap((outcome) => (outcome.done ? [] : [outcome.left]));
      },
      async verifyUndone() {
        const frozen = folders.filter((folder) => isFrozen(folder));
        left = [...left, ...frozen.map((folder) => `echo 0 >${folder}/cgroup.freeze`)];
        if (left.length > 0) return { undone: false, left };
        return {
          undone: true,
          evidence: `${folders.join(', ')} is ${folders.some((each) => existsSync(each)) ? 'thawed' : 'gone'}`,
        };
      },
    };
  },
};

async function missing(target: ProcessTargetHandle, groups: TargetGroups): Promise<string | undefined> {
  if ((await target.processes()).length === 0) return `target ${target.name} has no process any more`;
  const [astray] = await groups.astray();
  if (astray !== undefined) return `process ${astray} is outside the frozen group`;
  const thawed = groups.folders.find((folder) => !isFrozen(folder));
  return thawed && `${thawed} is not frozen`;
}

async function freeze(folder: string, clock: Clock): Promise<void> {
  setFrozen(folder, true);
  for (let waitedMs = 0; waitedMs < freezeMsMax && !isFrozen(folder); waitedMs += freezeLookEveryMs)
    await clock.sleep(freezeLookEveryMs);
}

function setFrozen(folder: string, frozen: boolean): void {
  if (existsSync(folder)) writeFileSync(join(folder, 'cgroup.freeze'), frozen ? '1' : '0');
}

/** `frozen 1` in cgroup.events: every member has stopped. */
function isFrozen(folder: string): boolean {
  try {
    return /^frozen 1$/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8'));
  } catch {
    return false;
  }
}
