// Puts HTTPChaos on a container, says whom its lease would end, and stays until it is killed.

import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { redirect } from '../../../src/faults/http-chaos/drivers/redirect.ts';
import { httpChaos } from '../../../src/faults/http-chaos/http-chaos.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { containerTarget } from '../../../src/faults/targets/container/container.ts';
import { findContainers } from '../../../src/faults/targets/container/find.ts';
import type { ContainerTarget } from '../../../src/faults/targets/declaration.ts';

const [name = '', socket = '', spec = ''] = process.argv.slice(2);
const declared: ContainerTarget = { type: 'container', by: { name }, socket, runtime: undefined };
const [found] = await findContainers(name, declared, []);
const target = await containerTarget({ name, namespace: 'default', labels: {} }, found!, () => {}, false);
const steps: UndoStep[] = [];
await redirect.inject(
  {
    name: 'http-chaos',
    kind: 'HTTPChaos',
    spec: httpChaos.schema.parse(JSON.parse(spec)),
    durationMs: 60_000,
    target,
    declared,
    machine: { uid: 0, canMount: true, canUserNamespace: true, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: '/nowhere',
  },
  undefined,
  async (added) => void steps.push(...added),
);
console.log(JSON.stringify(steps.map((step) => ('process' in step ? step.process.pid : 0))));
