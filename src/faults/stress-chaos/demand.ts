// What a StressChaos asks for, in plain words and in bytes, and whether the machine can bear it.

import { readFileSync } from 'node:fs';
import type { DriverPlan, FaultRequest, Usability } from '../fault.ts';
import { memoryLimit } from '../targets/process/cgroup.ts';
import { maySetOomScore } from './oom-score.ts';
import { formatBytes, parseSize } from './size.ts';
import type { StressChaosSpec } from './stress-chaos.ts';

/** Share of the free memory that stress may take from the whole machine; beyond it the kernel would kill others. */
const availableShareMax = 0.9;

/** Why no driver can do it here; undefined when nothing speaks against it. */
export async function stressUnusable(
  request: FaultRequest<StressChaosSpec>,
): Promise<Exclude<Usability, { usable: true }> | undefined> {
  const { target, spec } = request;
  if (spec.limits)
    return {
      usable: false,
      reason: 'workers set no limits',
      remedy: 'see the driver target-limits',
      otherTarget: true,
    };
  if (target.type === 'proxy')
    return {
      usable: false,
      reason: `target ${target.name} is a proxy, which has no processes`,
      remedy: 'name a process target',
    };
  const score = spec.stressors.memory?.oomScoreAdj;
  if (score !== undefined && !maySetOomScore(score))
    return {
      usable: false,
      reason: `oomScoreAdj ${score} protects the workers more than this process may`,
      remedy: 'CAP_SYS_RESOURCE, or a higher oomScoreAdj',
    };
  const crowded = crowdedRefusal(spec);
  if (crowded) return crowded;
  const bytes = (await bytesAsked(request)) ?? (await bytesInWords(request));
  // Within a limit of its own the target's group is what runs out, and that is what was asked for.
  if (bytes === undefined || (await memoryBase(request)).isLimit) return undefined;
  const available = meminfo('MemAvailable');
  if (bytes <= available * availableShareMax) return undefined;
  return {
    usable: false,
    reason: `${formatBytes(bytes)} of memory are asked for, and ${formatBytes(available)} are available on the whole machine`,
    remedy: 'ask for less, or run the target in a control group with a memory limit',
  };
}

/** Bytes of all memory workers together; undefined without any. */
export async function bytesAsked(request: FaultRequest<StressChaosSpec>): Promise<number | undefined> {
  const text = request.spec.stressors.memory?.size;
  const size = text === undefined ? undefined : parseSize(text);
  if (!size) return undefined;
  return 'bytes' in size ? size.bytes : Math.round(size.share * (await memoryBase(request)).bytes);
}

/** What stress-ng's own words ask for; it is not waited for, because nobody knows how they use it. */
async function bytesInWords(request: FaultRequest<StressChaosSpec>): Promise<number | undefined> {
  const size = parseSize(request.spec.words?.memory ?? '');
  if (!size) return undefined;
  return 'bytes' in size ? size.bytes : Math.round(size.share * (await memoryBase(request)).bytes);
}

/** Share of the free process ids of the machine that stress may take. */
const pidShareMax = 0.5;

function crowdedRefusal({
  stressors: { pids },
}: StressChaosSpec): Exclude<Usability, { usable: true }> | undefined {
  const asked = (pids?.workers ?? 0) * (pids?.count ?? 0);
  const kernel = (name: string) => Number(readFileSync(`/proc/sys/kernel/${name}`, 'utf8'));
  const most = Math.floor(Math.min(kernel('pid_max'), kernel('threads-max')) * pidShareMax);
  if (asked <= most) return undefined;
  return {
    usable: false,
    reason: `${asked} processes are asked for, and half of what the machine can have is ${most}`,
    remedy: 'ask for fewer; `limits.pids` lets the target run out of them and nobody else',
  };
}

/** Bytes of a limit; a share is of the machine's memory. */
export function memoryAsked(text: string): number {
  const size = parseSize(text);
  if (!size) throw new Error(`the schema refuses the size ${text}`);
  return 'bytes' in size ? size.bytes : Math.round(size.share * meminfo('MemTotal'));
}

/** What a percentage is of: the memory limit of the target's control group, else the machine's memory. */
async function memoryBase({
  target,
}: FaultRequest<StressChaosSpec>): Promise<{ bytes: number; isLimit: boolean }> {
  const total = meminfo('MemTotal');
  const [first] = target.type === 'process' ? await target.processes() : [];
  const limit = first && memoryLimit(first.pid);
  return limit !== undefined && limit < total
    ? { bytes: limit, isLimit: true }
    : { bytes: total, isLimit: false };
}

export function describeStress({
  spec,
  target,
}: FaultRequest<StressChaosSpec>): Pick<DriverPlan, 'what' | 'undo' | 'hits'> {
  const { cpu, memory, io, sockets, pids, files } = spec.stressors;
  const parts = [
    ...(cpu ? [`${cpu.workers} workers at ${cpu.load} % of a processor`] : []),
    ...(memory ? [`${memory.size} of memory in ${memory.workers} workers`] : []),
    ...(io ? [`${io.size} written and synced by each of ${io.workers} workers`] : []),
    ...(sockets ? [`${sockets.workers} workers that open and close sockets`] : []),
    ...(pids ? [`${pids.count} processes of each of ${pids.workers} workers`] : []),
    ...(files ? [`${files.count} files opened by each of ${files.workers} workers`] : []),
    ...(spec.words ? [`stress-ng ${spec.words.words.join(' ')}`] : []),
  ];
  return {
    what: `stresses ${target.name}: ${parts.join(', ')}`,
    undo: 'SIGKILL to the workers',
    hits: countsCpu(spec) ? 'CPU seconds used by the workers' : 'MB of memory held by the workers',
  };
}

/** Where the workers run, in words. */
export function groupsOf({ target }: FaultRequest<StressChaosSpec>): string {
  return target.type === 'host'
    ? 'our own control groups, whose limits are theirs'
    : 'the control groups of the target where they may be joined';
}

/** What a hit is: processor time of the workers, or, with memory alone, what they hold. */
export function countsCpu({ stressors }: StressChaosSpec): boolean {
  return stressors.cpu !== undefined || stressors.memory === undefined;
}

function meminfo(field: 'MemTotal' | 'MemAvailable'): number {
  const text = readFileSync('/proc/meminfo', 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
}
