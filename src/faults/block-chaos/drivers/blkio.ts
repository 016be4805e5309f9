// Bytes and operations a second of one disk, by the blkio controller of version 1. What the target writes without
// waiting for the disk is written later by the kernel, and is not held back: reads, O_DIRECT and fsync are.

import type { ActiveFault, DriverPlan, FaultDriver, FaultRequest } from '../../fault.ts';
import { type GroupLimit, LimitGroups, whyNoLimits } from '../../kernel/limit-groups.ts';
import { formatBytes } from '../../stress-chaos/size.ts';
import { diskOf } from '../device.ts';
import type { BlockChaosSpec, BlockLimits } from '../spec.ts';

type BlockRequest = FaultRequest<BlockChaosSpec>;

const fileOf: Readonly<Record<keyof BlockLimits, string>> = {
  readBytes: 'blkio.throttle.read_bps_device',
  writeBytes: 'blkio.throttle.write_bps_device',
  readOperations: 'blkio.throttle.read_iops_device',
  writeOperations: 'blkio.throttle.write_iops_device',
};

export const blkio: FaultDriver<BlockChaosSpec> = {
  name: 'blkio',

  async probe({ spec, target, clock }) {
    if (spec.action === 'delay')
      return {
        usable: false,
        reason:
          'a delay of each request needs device-mapper under the file system, or a module in the kernel',
        remedy:
          'use action limit with few operations a second, IOChaos latency on its files, or Chaos Mesh on a cluster',
      };
    if (target.type !== 'process')
      return { usable: false, reason: `target ${target.name} has no processes`, remedy: 'name a process' };
    const disk = await diskOf(spec.volumeName);
    if ('reason' in disk)
      return {
        usable: false,
        reason: disk.reason,
        remedy: 'name a path on a disk, or the disk, in `volumeName`',
      };
    // A target that is not started yet will be in our own groups.
    const pids = (await target.processes()).map(({ pid }) => pid);
    for (const pid of pids.length > 0 ? pids : [process.pid]) {
      const reason = await whyNoLimits(pid, limitsOf(spec.limit, disk.number), clock);
      if (reason)
        return {
          usable: false,
          reason,
          remedy: 'run as root with the blkio controller of control groups version 1',
        };
    }
    return { usable: true };
  },

  plan({ spec, target }): DriverPlan {
    return {
      what: `limits ${target.name} to ${spec.action === 'limit' ? describe(spec.limit) : 'nothing'} on the disk of ${spec.volumeName}`,
      how: 'a control group of its own below the one that it is in; what it writes without fsync or O_DIRECT is not held back',
      undo: 'its processes go back to their group, and the group is removed',
      survivesCrash: 'until the watchdog sees the runner die (at once) or hang (5s)',
      hits: 'requests to the disk under the limit',
    };
  },

  // Each group is in the lease before it is made.
  undoSteps: async () => [],

  async inject({ spec, target, clock }: BlockRequest, _prepared, extend): Promise<ActiveFault> {
    const disk = await diskOf(spec.volumeName);
    if (target.type !== 'process' || spec.action !== 'limit' || 'reason' in disk)
      throw new Error('the probe refuses this');
    const groups = await LimitGroups.enter(target, limitsOf(spec.limit, disk.number), clock, extend);
    let hits = 0;
    let left: string[] = [];
    const count = () => {
      hits = Math.max(hits, requests(groups, disk.number));
      return hits;
    };
    return {
      hits: count,
      missing: () => groups.missing(),
      async undo() {
        count();
        left = (await groups.leave(clock)).flatMap((outcome) => (outcome.done ? [] : [outcome.left]));
      },
      verifyUndone: async () =>
        left.length > 0
          ? { undone: false, left }
          : { undone: true, evidence: 'no process of the target is in a group of ours' },
    };
  },
};

function limitsOf(limits: BlockLimits, disk: string): GroupLimit[] {
  return (Object.keys(fileOf) as (keyof BlockLimits)[]).flatMap((key) =>
    limits[key] === undefined
      ? []
      : [{ controller: 'blkio' as const, file: fileOf[key], value: `${disk} ${limits[key]}` }],
  );
}

function describe({ readBytes, writeBytes, readOperations, writeOperations }: BlockLimits): string {
  const parts = [
    ...(readBytes === undefined ? [] : [`${formatBytes(readBytes)} read`]),
    ...(writeBytes === undefined ? [] : [`${formatBytes(writeBytes)} written`]),
    ...(readOperations === undefined ? [] : [`${readOperations} reads`]),
    ...(writeOperations === undefined ? [] : [`${writeOperations} writes`]),
  ];
  return `${parts.join(', ')} a second`;
}

/** Lines such as `254:0 Write 12`. */
function requests(groups: LimitGroups, disk: string): number {
  const texts = groups.read('blkio', 'blkio.throttle.io_serviced');
  const totals = texts.map((text) => new RegExp(`^${disk} Total (\\d+)$`, 'm').exec(text)?.[1]);
  return totals.reduce((sum, total) => sum + Number(total ?? 0), 0);
}
