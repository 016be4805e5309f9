// What the targets that we did not start have in common: they are looked up each time, and guarded each time.

import type { LabelRecord } from '../../../base/labels.ts';
import type { Guard } from '../guard.ts';
import type { ProcessTargetHandle } from '../target.ts';
import { commandLine, type ProcessStat } from './proc.ts';

export interface TargetIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly labels: LabelRecord;
}

/** A target whose processes `look` finds; throws at once when they must not be acted on. */
export function runningTarget(
  { name, namespace, labels }: TargetIdentity,
  guard: Guard,
  look: () => ProcessStat[],
): ProcessTargetHandle {
  const guarded = () => {
    const members = look();
    guard(name, members);
    return members;
  };
  guarded();
  return {
    type: 'process',
    started: false,
    name,
    namespace,
    labels,
    processes: async () => guarded().map(({ pid, startTime }) => ({ pid, startTime })),
    describe: async () => describeProcesses(guarded()),
  };
}

const commandShown = 60;

/** `nginx: master process nginx (pid 12), and 2 more: 13, 14`. */
export function describeProcesses(members: readonly ProcessStat[]): string {
  const [first, ...rest] = members;
  if (!first) return 'no process';
  const lead = `${commandLine(first.pid).slice(0, commandShown)} (pid ${first.pid})`;
  return rest.length === 0
    ? lead
    : `${lead}, and ${rest.length} more: ${rest.map(({ pid }) => pid).join(', ')}`;
}
