// Starts stress workers, puts them where the target is, measures what they use, and ends them.

import { join } from 'node:path';
import type { ActiveFault, ExtendLease, FaultRequest } from '../fault.ts';
import type { UndoStep } from '../leases/lease.ts';
import { joinGroupsOf } from '../targets/process/cgroup.ts';
import { endFamily } from '../targets/process/end.ts';
import { Family, processes, sessionOf } from '../targets/process/family.ts';
import { launch } from '../targets/process/launch.ts';
import { logTail } from '../targets/process/log.ts';
import type { ProcessId } from '../targets/target.ts';
import { countsCpu } from './demand.ts';
import { setOomScore } from './oom-score.ts';
import { formatBytes } from './size.ts';
import type { StressChaosSpec } from './stress-chaos.ts';
import { UsageMeter } from './usage.ts';

/** Time in which the workers must be seen at work. */
export const startMsMax = 5000;
/** The workers end by themselves when their start, their duration and this are over; the undo normally comes first. */
export const slackMs = 2000;
const lookEveryMs = 50;
const measureEveryMs = 500;
/** Share of the memory asked for that counts as held. */
const heldShareMin = 0.9;

export function stressUndoSteps(request: FaultRequest<StressChaosSpec>): UndoStep[] {
  return [{ type: 'end-marked', mark: markOf(request) }];
}

/** One process a command, each with what it starts. `bytes`: what they hold together when they are in place. */
export async function startStress(
  request: FaultRequest<StressChaosSpec>,
  commands: readonly (readonly string[])[],
  bytes: number | undefined,
  extend: ExtendLease,
): Promise<ActiveFault> {
  const { clock } = request;
  const logFile = join(request.scratchFolder, 'stress.log');
  const ids: ProcessId[] = [];
  for (const command of commands) ids.push(await startWorker(request, command, logFile, extend));

  const family = new Family(processes(ids), ...ids.map(sessionOf));
  const meter = new UsageMeter(() => family.look());
  const missing = async () => {
    if (family.look().length < ids.length) return `stress workers have ended; ${await logTail(logFile)}`;
    const { heldBytes } = meter.measure();
    if (bytes !== undefined && heldBytes < bytes * heldShareMin)
      return `the workers hold ${formatBytes(heldBytes)} of ${formatBytes(bytes)}`;
    return undefined;
  };
  for (let waitedMs = 0; waitedMs < startMsMax && (await missing()); waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs);
  // stress-ng sets a score of its own when it starts, so ours comes afterwards.
  const score = request.spec.stressors.memory?.oomScoreAdj;
  if (score !== undefined) for (const { pid } of family.look()) setOomScore(pid, score);
  return { missing, ...underMeasurement(request, family, meter) };
}

function underMeasurement(
  { clock, spec }: FaultRequest<StressChaosSpec>,
  family: Family,
  meter: UsageMeter,
): Omit<ActiveFault, 'missing'> {
  const ending = new AbortController();
  const measuring = (async () => {
    while (!ending.signal.aborted) {
      meter.measure();
      await clock.sleep(measureEveryMs, ending.signal);
    }
  })();
  return {
    hits: () => {
      const { cpuSeconds, heldBytesMost } = meter.measure();
      // Rounded, so that what the workers use for starting up (0.1 s or so) is no hit by itself.
      return Math.round(countsCpu(spec) ? cpuSeconds : heldBytesMost / 1024 ** 2);
    },
    async undo() {
      meter.measure();
      ending.abort();
      await measuring;
      await endFamily(family, 0, clock);
    },
    async verifyUndone() {
      const left = family.look().map(({ pid }) => `stress worker ${pid} is still there: kill -KILL ${pid}`);
      return left.length > 0
        ? { undone: false, left }
        : { undone: true, evidence: 'no stress worker is left' };
    },
  };
}

// The worker is in the lease and in the target's control groups before its program begins.
async function startWorker(
  request: FaultRequest<StressChaosSpec>,
  command: readonly string[],
  logFile: string,
  extend: ExtendLease,
): Promise<ProcessId> {
  const { target, scratchFolder } = request;
  const worker = {
    command,
    env: { PATH: systemPath },
    folder: scratchFolder,
    mark: markOf(request),
    logFile,
  };
  const { id } = await launch(worker, async (id) => {
    await extend([{ type: 'end-tree', process: id }]);
    const [first] = target.type === 'process' ? await target.processes() : [];
    if (first) joinGroupsOf(first.pid, id.pid);
  });
  return id;
}

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

// The scratch folder is this fault's alone, and known before anything is started.
function markOf({ scratchFolder }: FaultRequest<StressChaosSpec>): string {
  return `stress:${scratchFolder}`;
}
