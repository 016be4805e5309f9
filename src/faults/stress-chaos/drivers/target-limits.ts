// `limits`: less processor time, memory, processes or open files for the target itself. The first three by control
// groups of version 1; open files by the limit of each process, which needs no root.

import type { ActiveFault, DriverPlan, ExtendLease, FaultDriver, FaultRequest } from '../../fault.ts';
import { type GroupLimit, LimitGroups, whyNoLimits } from '../../kernel/limit-groups.ts';
import { limitOpenFiles, openFilesLimit, restoreOpenFiles } from '../../targets/process/open-files.ts';
import { isAlive } from '../../targets/process/proc.ts';
import { maySignal } from '../../targets/process/signal.ts';
import type { ProcessId, ProcessTargetHandle } from '../../targets/target.ts';
import { memoryAsked } from '../demand.ts';
import { formatBytes } from '../size.ts';
import type { StressChaosSpec } from '../stress-chaos.ts';

type StressRequest = FaultRequest<StressChaosSpec>;

/** The kernel's default period of a quota. */
const periodUs = 100_000;

export const targetLimits: FaultDriver<StressChaosSpec> = {
  name: 'target-limits',

  async probe(request) {
    const { spec, target, clock } = request;
    if (!spec.limits)
      return { usable: false, reason: 'it sets limits only', remedy: 'give `limits`', otherTarget: true };
    if (target.type !== 'process')
      return { usable: false, reason: `target ${target.name} has no processes`, remedy: 'name a process' };
    const targets = await target.processes();
    const foreign = targets.find((id) => !maySignal(id));
    if (foreign)
      return {
        usable: false,
        reason: `process ${foreign.pid} belongs to another user`,
        remedy: 'run as that user, or as root',
      };
    // A target that is not started yet will be in our own groups.
    const pids = targets.length > 0 ? targets.map(({ pid }) => pid) : [process.pid];
    const limits = groupLimits(request);
    for (const pid of limits.length > 0 ? pids : []) {
      const reason = await whyNoLimits(pid, limits, clock);
      if (reason)
        return {
          usable: false,
          reason,
          remedy: 'run as root with control groups of version 1; `openFiles` alone needs neither',
        };
    }
    return { usable: true };
  },

  plan(request): DriverPlan {
    const { cpu, memory, pids, openFiles } = request.spec.limits ?? {};
    const parts = [
      ...(cpu === undefined ? [] : [`${cpu} % of a processor`]),
      ...(memory === undefined ? [] : [`${formatBytes(memoryAsked(memory))} of memory beyond what it holds`]),
      ...(pids === undefined ? [] : [`${pids} processes and threads`]),
      ...(openFiles === undefined ? [] : [`${openFiles} open files in each process`]),
    ];
    return {
      what: `limits ${request.target.name} to ${parts.join(', ')}`,
      how: 'control groups of its own below those that it is in, and the limit of open files of each process',
      undo: 'its processes go back to their groups, the groups are removed, the former limit of open files is set',
      survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
      hits: groupLimits(request).length === 0 ? undefined : 'times the kernel held it back',
    };
  },

  // Each group and each process is in the lease before it is touched.
  undoSteps: async () => [],

  async inject(request, _prepared, extend): Promise<ActiveFault> {
    const target = processTarget(request);
    const { clock } = request;
    const limits = groupLimits(request);
    const groups = limits.length > 0 ? await LimitGroups.enter(target, limits, clock, extend) : undefined;
    const files = new FileLimits(request.spec.limits?.openFiles);
    let hits = 0;
    const count = () => {
      if (groups) hits = Math.max(hits, heldBack(groups));
      return groups ? hits : undefined;
    };
    try {
      await files.set(await target.processes(), extend);
    } catch (error) {
      await groups?.leave(clock);
      throw error;
    }
    let left: string[] = [];
    return {
      hits: count,
      missing: async () => (await groups?.missing()) ?? (await files.missing(target)),
      async undo() {
        count();
        const outcomes = (await groups?.leave(clock)) ?? [];
        left = [
          ...outcomes.flatMap((outcome) => (outcome.done ? [] : [outcome.left])),
          ...(await files.restore()),
        ];
      },
      verifyUndone: async () =>
        left.length > 0
          ? { undone: false, left }
          : { undone: true, evidence: 'no limit of ours is left on a process of the target' },
    };
  },
};

function groupLimits({ spec }: StressRequest): GroupLimit[] {
  const { cpu, memory, pids } = spec.limits ?? {};
  const quota = cpu === undefined ? 0 : Math.round((cpu / 100) * periodUs);
  return [
    ...(cpu === undefined
      ? []
      : [{ controller: 'cpu' as const, file: 'cpu.cfs_quota_us', value: String(quota) }]),
    ...(memory === undefined
      ? []
      : [
          {
            controller: 'memory' as const,
            file: 'memory.limit_in_bytes',
            value: String(memoryAsked(memory)),
          },
        ]),
    ...(pids === undefined ? [] : [{ controller: 'pids' as const, file: 'pids.max', value: String(pids) }]),
  ];
}

/** Periods without processor time, refused charges of memory, refused forks. */
function heldBack(groups: LimitGroups): number {
  const numbers = [
    ...groups.read('cpu', 'cpu.stat').map((text) => /^nr_throttled (\d+)$/m.exec(text)?.[1]),
    ...groups.read('memory', 'memory.failcnt'),
    ...groups.read('pids', 'pids.events').map((text) => /^max (\d+)$/m.exec(text)?.[1]),
  ];
  return numbers.reduce((sum, number) => sum + Number(number ?? 0), 0);
}

/** Lowers the soft limit of open files of each process. */
class FileLimits {
  readonly #limit: number | undefined;
  readonly #former: { readonly id: ProcessId; readonly soft: number }[] = [];

  constructor(limit: number | undefined) {
    this.#limit = limit;
  }

  async set(targets: readonly ProcessId[], extend: ExtendLease): Promise<void> {
    for (const id of this.#limit === undefined ? [] : targets) {
      const soft = openFilesLimit(id.pid);
      // Nothing is raised, and who has less already keeps it.
      if (soft === undefined || soft <= this.#limit!) continue;
      await extend([{ type: 'open-files', process: id, limited: this.#limit!, former: soft }]);
      this.#former.push({ id, soft });
      await limitOpenFiles(id, this.#limit!);
    }
  }

  async missing(target: ProcessTargetHandle): Promise<string | undefined> {
    if (this.#limit === undefined) return undefined;
    const targets = await target.processes();
    if (targets.length === 0) return `target ${target.name} has no process any more`;
    const free = targets.find(({ pid }) => (openFilesLimit(pid) ?? 0) > this.#limit!);
    return free && `process ${free.pid} may open ${openFilesLimit(free.pid)} files`;
  }

  async restore(): Promise<string[]> {
    const left: string[] = [];
    for (const { id, soft } of this.#former) {
      if (!isAlive(id)) continue;
      const kept = await restoreOpenFiles(id, this.#limit!, soft);
      left.push(...kept.map((pid) => `prlimit --pid ${pid} --nofile=${soft}:`));
    }
    return left;
  }
}

function processTarget({ target }: StressRequest): ProcessTargetHandle {
  if (target.type !== 'process') throw new Error('the probe refuses targets without processes');
  return target;
}
