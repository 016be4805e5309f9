// Each fault of the experiment on the targets that it selects, with the driver that will carry it out here.

import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { chooseDriver, type PassedOver } from '../../faults/choose.ts';
import type { DriverPlan, FaultDriver, FaultKind, FaultRequest, Machine } from '../../faults/fault.ts';
import type { FaultKinds } from '../../faults/kinds.ts';
import { checkShare, selectTargets } from '../../faults/select.ts';
import type { Experiment, FaultSpec } from '../model.ts';
import type { PlannedTarget } from './targets.ts';

export interface PlannedFault {
  readonly spec: FaultSpec;
  readonly injections: readonly PlannedInjection[];
}
  /** Names of the targets among which its mode chooses. */
  readonly candidates: readonly string[];
  /** Of a fault of a workflow: on every target that may be picked. */

/** One fault on one target. */
export interface PlannedInjection {
  readonly driver: FaultDriver;
  readonly request: FaultRequest;
  readonly plan: DriverPlan;
  /** Better drivers that cannot be used here. */
  readonly passedOver: readonly PassedOver[];
}

export interface FaultPlanning {
  readonly kinds: FaultKinds;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly random: Random;
  readonly scratchFolder: string;
  readonly allowed: ReadonlySet<string>;
}

export async function planFaults(
  experiment: Experiment,
  targets: ReadonlyMap<string, readonly PlannedTarget[]>,
  planning: FaultPlanning,
): Promise<PlannedFault[]> {
  const planned: PlannedFault[] = [];
  for (const spec of experiment.faults) {
    const candidates = candidatesOf(spec, targets);
    const selected = selectTargets(candidates, spec.mode, spec.value, planning.random);
    checkShare(spec.name, selected.length, candidates.length, experiment.limits.share, planning.allowed);
    const injections: PlannedInjection[] = [];
    for (const target of selected)
      injections.push(await planInjection(spec, target, experiment.folder, planning));
    planned.push({ spec, injections });
  }
  return planned;
}

async function planInjection(
  spec: FaultSpec,
  target: PlannedTarget,
  folder: string,
  planning: FaultPlanning,
): Promise<PlannedInjection> {
  const kind: FaultKind = planning.kinds[spec.kind];
  // Names may hold dots, so a separator of our own keeps `a.b` on `c` from `a` on `b.c`.
  const scratchFolder = join(planning.scratchFolder, `${spec.name}@${target.spec.name}`);
  const request: FaultRequest = {
    name: spec.name,
    kind: spec.kind,
    spec: spec.spec,
    durationMs: spec.durationMs,
/** Labels may stand for several containers, each a target of its own. */
function candidatesOf(
  spec: FaultSpec,
  targets: ReadonlyMap<string, readonly PlannedTarget[]>,
): PlannedTarget[] {
  return spec.targets.flatMap((name) => targets.get(name)!);
}

/** The far side that a fault names by a selector of its own; undefined when it names none. */
function peersOf(
  spec: FaultSpec,
  targets: ReadonlyMap<string, readonly PlannedTarget[]>,
  { kinds, random }: FaultPlanning,
): PlannedTarget[] | undefined {
  const kind: FaultKind = kinds[spec.kind];
  const selection = kind.peers?.(spec.spec);
  if (!selection) return undefined;
  const candidates = [...targets.values()]
    .flat()
    .filter((target) => selects(selection.selector, target.spec));
  if (candidates.length === 0)
    throw UserError.of('FD110', `${spec.name}: the selector of its target matches none of the targets`);
  return selectTargets(candidates, selection.mode, selection.value, random);
}

    target: target.handle,
    declared: target.spec.kind,
    machine: planning.machine,
    clock: planning.clock,
    random: planning.random,
    scratchFolder,
    folder,
  };
  const { driver, passedOver } = await chooseDriver(kind, request);
  return { driver, request, plan: driver.plan(request), passedOver };
}
