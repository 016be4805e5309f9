// Each fault of the experiment on the targets that it selects, with the driver that will carry it out here.

import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { Random } from '../../base/random.ts';
import { selects } from '../../faults/chaos-mesh/selector.ts';
import { chooseDriver, type PassedOver } from '../../faults/choose.ts';
import type {
  DriverPlan,
  FaultDriver,
  FaultKind,
  FaultRequest,
  Machine,
  TakenAlone,
} from '../../faults/fault.ts';
import type { FaultKinds } from '../../faults/kinds.ts';
import { checkOnHost } from '../../faults/on-host.ts';
import { checkShare, mostSelected, selectTargets } from '../../faults/select.ts';
import type { Experiment, FaultSpec } from '../model.ts';
import type { PlannedTarget } from './targets.ts';

export interface PlannedFault {
  readonly spec: FaultSpec;
  /** Names of the targets among which its mode chooses. */
  readonly candidates: readonly string[];
  /** Of a fault of a workflow: on every target that may be picked. */
  readonly injections: readonly PlannedInjection[];
}

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
    const most = mostSelected(candidates.length, spec.mode, spec.value);
    // A workflow picks anew each time.
    const selected =
      spec.workflow === undefined
        ? selectTargets(candidates, spec.mode, spec.value, planning.random)
        : candidates;
    const hit = spec.workflow === undefined ? selected.length : most;
    checkShare(spec.name, hit, candidates.length, experiment.limits.share, planning.allowed);
    const peers = peersOf(spec, targets, planning);
    const injections: PlannedInjection[] = [];
    for (const target of selected)
      injections.push(await planInjection(spec, target, peers, experiment.folder, planning));
    planned.push({ spec, candidates: candidates.map((target) => target.spec.name), injections });
  }
  await refuseTakenTwice(planned);
  return planned;
}

/**
 * Faults of a workflow may come one after the other. What one takes for itself is refused to another when they meet;
 * those that share with their own kind would not notice each other then.
 */
async function refuseTakenTwice(planned: readonly PlannedFault[]): Promise<void> {
  const taken = new Map<string, TakenAlone & { readonly fault: FaultSpec }>();
  for (const { spec: fault, injections } of planned) {
    for (const { driver, request } of injections) {
      for (const { what, sharedBy } of (await driver.takes?.(request)) ?? []) {
        const first = taken.get(what);
        const meets = fault.workflow === undefined && first?.fault.workflow === undefined;
        if (first && (sharedBy === undefined ? meets : first.sharedBy !== sharedBy))
          throw UserError.of('FD663', `${fault.name} and ${first.fault.name} would both take ${what}`);
        taken.set(what, { what, ...(sharedBy !== undefined && { sharedBy }), fault });
      }
    }
  }
}

/** Labels may stand for several containers, each a target of its own; a selector meets their own labels here. */
function candidatesOf(
  spec: FaultSpec,
  targets: ReadonlyMap<string, readonly PlannedTarget[]>,
): PlannedTarget[] {
  const named = spec.targets.flatMap((name) => targets.get(name)!);
  const { selector } = spec;
  if (!selector) return named;
  const chosen = named.filter(
    (target) =>
      target.handle.type !== 'container' || target.spec.anySelector || selects(selector, target.spec),
  );
  if (chosen.length > 0) return chosen;
  const known = named.map(({ spec: { name, labels } }) => `${name} ${JSON.stringify(labels)}`);
  throw UserError.of('FD110', `the selector of ${spec.name} matches none of ${known.join(', ')}`);
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

async function planInjection(
  spec: FaultSpec,
  target: PlannedTarget,
  peers: readonly PlannedTarget[] | undefined,
  folder: string,
  planning: FaultPlanning,
): Promise<PlannedInjection> {
  const kind: FaultKind = planning.kinds[spec.kind];
  if (target.handle.type === 'host') checkOnHost(kind, spec.name, spec.spec, planning.allowed);
  // Names may hold dots, so a separator of our own keeps `a.b` on `c` from `a` on `b.c`.
  const scratchFolder = join(planning.scratchFolder, `${spec.name}@${target.spec.name}`);
  const request: FaultRequest = {
    name: spec.name,
    kind: spec.kind,
    spec: spec.spec,
    durationMs: spec.durationMs,
    target: target.handle,
    ...(peers && { peers: peers.map(({ handle }) => handle) }),
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
