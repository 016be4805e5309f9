// Run as another user: stops the process that is named, and continues it.

import { systemClock } from '../../../src/base/clock.ts';
import { pause } from '../../../src/faults/pod-chaos/pause.ts';
import { podChaosSchema } from '../../../src/faults/pod-chaos/pod-chaos.ts';
import { signals } from '../../../src/faults/pod-chaos/signals.ts';
import { Family, processes } from '../../../src/faults/targets/process/family.ts';
import { identify, statOf } from '../../../src/faults/targets/process/proc.ts';
import type { ProcessTargetHandle } from '../../../src/faults/targets/target.ts';

const victim = identify(Number(process.argv[2]))!;
const family = new Family(processes([victim]));
const target: ProcessTargetHandle = {
  type: 'process',
  name: 'app',
  namespace: 'default',
  labels: {},
  started: false,
  describe: async () => 'app',
  processes: async () => family.look().map(({ pid, startTime }) => ({ pid, startTime })),
};

const usability = await signals.probe({
  target,
  spec: podChaosSchema.parse({ action: 'pod-failure' }),
  declared: { type: 'pid', pid: victim.pid },
} as Parameters<typeof signals.probe>[0]);
console.log(`probe ${usability.usable || `${usability.reason}: ${usability.remedy}`}`);
if (usability.usable) {
  const fault = await pause(target, systemClock, async () => {});
  console.log(`stopped ${statOf(victim)?.state}`);
  await fault.undo();
  const outcome = await fault.verifyUndone();
  console.log(`undone ${outcome.undone ? outcome.evidence : outcome.left.join()}`);
}
