// Injects processor stress and waits to be killed. Arguments: driver, scratch folder, command of the own worker.

import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { createStressChaos, stressChaosSchema } from '../../../src/faults/stress-chaos/stress-chaos.ts';
import { identify } from '../../../src/faults/targets/process/proc.ts';

const [name, scratchFolder, workerCommand] = process.argv.slice(2);
const driver = createStressChaos(JSON.parse(workerCommand!)).drivers.find((one) => one.name === name)!;
await driver.inject(
  {
    name: 'stress-chaos',
    kind: 'StressChaos',
    spec: stressChaosSchema.parse({ stressors: { cpu: { workers: 1, load: 20 } } }),
    durationMs: 60_000,
    target: {
      type: 'process',
      name: 'app',
      namespace: 'default',
      labels: {},
      started: false,
      describe: async () => 'app',
      processes: async () => [identify(process.pid)!],
    },
    declared: { type: 'pid', pid: process.pid },
    machine: { uid: 0, canMount: false, canUserNamespace: false, stressNg: 'stress-ng' },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: scratchFolder!,
  },
  undefined,
  async () => {},
);
console.log('in place');
setInterval(() => {}, 60_000);
