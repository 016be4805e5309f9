// What faults on containers have in common: the probe that looks whether there is one that runs, and the look after
// the undo.

import type { ActiveFault, FaultRequest, Usability } from '../../fault.ts';
import type { StepOutcome } from '../../leases/steps/outcome.ts';
import type { UndoOutcome } from '../../leases/undo.ts';
import type { ContainerTargetHandle } from '../target.ts';
import type { InspectedContainer } from './engine.ts';

type Unusable = Exclude<Usability, { usable: true }>;

/** Why no fault can act on the target now; else the container as it is. */
export async function runningContainer({
  target,
}: FaultRequest): Promise<Unusable | { readonly usable: true; readonly inspected: InspectedContainer }> {
  if (target.type !== 'container')
    return {
      usable: false,
      reason: `target ${target.name} is no container`,
      remedy: 'name a container target',
    };
  const inspected = await target.inspect();
  if (inspected?.State.Running && !inspected.State.Paused) return { usable: true, inspected };
  const { name } = target.container;
  return {
    usable: false,
    reason: `container ${name} is ${inspected?.State.Status ?? 'gone'}`,
    remedy: inspected?.State.Paused ? 'let it go on first' : 'start it first',
  };
}

/** For drivers whose probe has refused everything else. */
export function containerOf({ target }: Pick<FaultRequest, 'target'>): ContainerTargetHandle {
  if (target.type !== 'container') throw new Error('the probe refuses targets that are no containers');
  return target;
}

/** The container as it must be during a fault; throws when it is gone. */
export async function inspected(target: ContainerTargetHandle): Promise<InspectedContainer> {
  const now = await target.inspect();
  if (!now) throw new Error(`container ${target.container.name} is gone`);
  return now;
}

/** The end of a fault whose undo is the lease's own step: what it came to is what `verifyUndone` says. */
export function undoneBySteps(
  take: () => Promise<readonly StepOutcome[]>,
): Pick<ActiveFault, 'undo' | 'verifyUndone'> {
  let outcomes: Promise<readonly StepOutcome[]> | undefined;
  const again = () => {
    outcomes = take();
    return outcomes;
  };
  return {
    async undo() {
      await again();
    },
    // Taken once more: each step looks at the world before it acts, and tells what it sees.
    async verifyUndone(): Promise<UndoOutcome> {
      const all = await again();
      const left = all.flatMap((outcome) => (outcome.done ? [] : [outcome.left]));
      if (left.length > 0) return { undone: false, left };
      return { undone: true, evidence: all.flatMap((each) => (each.done ? [each.evidence] : [])).join('; ') };
    },
  };
}
