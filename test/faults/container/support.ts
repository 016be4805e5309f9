// Container targets on a Docker daemon of the test's own, and faults on them as a run would put them in place.

import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { chooseDriver } from '../../../src/faults/choose.ts';
import type { FaultKind, FaultRequest } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import type { Lease, UndoStep } from '../../../src/faults/leases/lease.ts';
import { type UndoOutcome, undoLease } from '../../../src/faults/leases/undo.ts';
import { probeMachine } from '../../../src/faults/machine.ts';
import { containerTarget } from '../../../src/faults/targets/container/container.ts';
import { findContainers } from '../../../src/faults/targets/container/find.ts';
import type { ContainerTarget } from '../../../src/faults/targets/declaration.ts';
import type { ContainerTargetHandle } from '../../../src/faults/targets/target.ts';
import { cleanup, exampleLease, temporaryFolder } from '../leases/support.ts';
import { noGuard } from '../targets/support.ts';

export function declared(name: string, socket?: string): ContainerTarget {
  return { type: 'container', by: { name }, socket, runtime: undefined };
}

export async function targetOf(name: string, socket: string): Promise<ContainerTargetHandle> {
  const [found] = await findContainers(name, declared(name, socket), []);
  return await containerTarget({ name, namespace: 'default', labels: {} }, found!, noGuard, false);
}

export async function requestOf(
  kind: FaultKind,
  target: ContainerTargetHandle,
  spec: unknown,
): Promise<FaultRequest> {
  return {
    name: kind.kind,
    kind: kind.kind,
    spec: kind.schema.parse(spec),
    durationMs: 10_000,
    target,
    declared: declared(target.name),
    machine: await probeMachine(),
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
  };
}

/** Puts a fault in place; `lease` is what would be on disk. */
export async function inject(kind: FaultKind<never>, target: ContainerTargetHandle, spec: unknown) {
  const request = await requestOf(kind as unknown as FaultKind, target, spec);
  const { driver } = await chooseDriver(kind as unknown as FaultKind, request);
  const steps: UndoStep[] = [...(await driver.undoSteps(request))];
  const fault = await driver.inject(request, undefined, async (added) => void steps.push(...added));
  cleanup(() => fault.undo());
  return { fault, driver: driver.name, plan: driver.plan(request), steps };
}

/** What the watchdog would do. */
export function takeSteps(steps: readonly UndoStep[], changes: Partial<Lease> = {}): Promise<UndoOutcome> {
  const lease = exampleLease({ undo: steps, ...changes });
  return undoLease(lease, { clock: systemClock, graceMs: 0, boot: systemBoot });
}
