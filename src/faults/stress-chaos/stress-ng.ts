// The driver that runs stress-ng, where it is installed. It ends by its own timeout, and with us.

import type { DriverPlan, FaultDriver, FaultRequest } from '../fault.ts';
import { bytesAsked, describeStress, groupsOf, stressUnusable } from './demand.ts';
import { parseSize } from './size.ts';
import type { StressChaosSpec } from './stress-chaos.ts';
import { slackMs, startMsMax, startStress, stressUndoSteps } from './workers.ts';

export const stressNg: FaultDriver<StressChaosSpec> = {
  name: 'stress-ng',
  targets: ['process', 'proxy', 'host'],

  async probe(request) {
    if (request.machine.stressNg === undefined)
      return {
        usable: false,
        reason: 'stress-ng is not installed',
        remedy: 'install the package stress-ng',
      };
    return (await stressUnusable(request)) ?? { usable: true };
  },

  plan(request): DriverPlan {
    return {
      ...describeStress(request),
      how: `stress-ng, in ${groupsOf(request)}`,
      survivesCrash: 'nothing: stress-ng is killed with Firedrill, and ends by its own timeout',
    };
  },

  injectMs: () => startMsMax,

  undoSteps: async (request) => stressUndoSteps(request),

  inject: async (request, _prepared, extend) => {
    const bytes = await bytesAsked(request);
    return await startStress(request, [[...dieWithParent, ...argumentsFor(request, bytes)]], bytes, extend);
  },
};

// From util-linux: SIGKILL when the process that started it dies.
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'];

function argumentsFor(
  { spec, durationMs, machine, scratchFolder }: FaultRequest<StressChaosSpec>,
  bytes: number | undefined,
): string[] {
  const { cpu, memory, io, sockets, pids, files } = spec.stressors;
  const seconds = Math.ceil(((durationMs ?? 0) + startMsMax + slackMs) / 1000);
  return [
    machine.stressNg!,
    ...(cpu ? ['--cpu', String(cpu.workers), '--cpu-load', String(cpu.load), ...cpu.options] : []),
    // Touched once and then held: memory pressure, not processor load.
    ...(memory
      ? ['--vm', String(memory.workers), '--vm-bytes', String(bytes), '--vm-keep', '--vm-populate']
      : []),
    ...(memory ? ['--vm-hang', '0', ...memory.options] : []),
    ...(io ? ['--hdd', String(io.workers), '--hdd-bytes', bytesOf(io.size), '--hdd-opts', 'fsync'] : []),
    ...(io?.options ?? []),
    ...(sockets ? ['--sock', String(sockets.workers), '--sock-domain', 'ipv4', ...sockets.options] : []),
    ...(pids ? ['--zombie', String(pids.workers), '--zombie-max', String(pids.count)] : []),
    ...(files ? ['--open', String(files.workers), '--open-max', String(files.count)] : []),
    ...(spec.words?.words ?? []),
    // Last, so that no option of the file can change them.
    ...['--temp-path', scratchFolder, '--quiet', '--timeout', `${seconds}s`],
  ];
}

function bytesOf(text: string): string {
  const size = parseSize(text);
  // A share is of the free space of the file system, as stress-ng has it.
  return size && 'bytes' in size ? String(size.bytes) : text;
}
