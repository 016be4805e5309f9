// Fails every call on a folder, and waits to be killed. Arguments: pid of the target, the folder, scratch folder.

import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import { strace } from '../../../src/faults/io-chaos/drivers/strace.ts';
import { type IoChaosSpec, ioChaosSchema } from '../../../src/faults/io-chaos/spec.ts';
import { identify } from '../../../src/faults/targets/process/proc.ts';

const [pid, volumePath, scratchFolder] = process.argv.slice(2);
const request: FaultRequest<IoChaosSpec> = {
  name: 'io-chaos',
  kind: 'IOChaos',
  spec: ioChaosSchema.parse({ action: 'fault', errno: 5, volumePath }),
  durationMs: 60_000,
  target: {
    type: 'process',
    name: 'app',
    namespace: 'default',
    labels: {},
    started: false,
    describe: async () => 'app',
    processes: async () => [identify(Number(pid))!],
  },
  declared: { type: 'pid', pid: Number(pid) },
  machine: { uid: process.getuid!(), canMount: false, canUserNamespace: false, stressNg: undefined },
  clock: systemClock,
  random: seededRandom(1),
  scratchFolder: scratchFolder!,
};
const usability = await strace.probe(request);
if (!usability.usable) {
  console.log(`refused ${usability.reason}`);
  process.exit(0);
}
await strace.inject(request, undefined, async () => {});
console.log('in place');
setInterval(() => {}, 60_000);
