// From a fault as it is written to a fault on named targets: its spec checked against the schema of its kind, its
// targets found by name or by selector.

import type { z } from 'zod';
import { nearest } from '../../base/diagnostics.ts';
import { knownKeys } from '../../base/schema-issues.ts';
import type { YamlPath } from '../../base/yaml.ts';
import { type ChaosMeshFaultKind, clusterOnly } from '../../faults/chaos-mesh/kinds.ts';
import { podOnlyKeys, type Selector, selectorSchema, selects } from '../../faults/chaos-mesh/selector.ts';
import { faultSchemas } from '../../faults/kinds.ts';
import type { FaultKindName, FaultSpec, TargetSpec } from '../model.ts';
import { commonSpecKeys, commonSpecSchema, type FaultFields, splitSpec } from './faults.ts';
import type { Reading } from './reading.ts';

export interface FaultContext {
  readonly reading: Reading;
  /** Undefined when the declaration of one of them is wrong. */
  readonly targets: readonly TargetSpec[] | undefined;
  /** The file is Chaos Mesh's own, where `mode` and `selector` are required. */
  readonly isChaosMesh: boolean;
  /** Only checked: what keeps the file from being run here is a warning. */
  readonly onlyChecked: boolean;
  /** For faults that have none. */
  readonly durationMs: number | undefined;
}

export interface WrittenFault {
  readonly kind: FaultKindName;
  readonly on: FaultFields['on'];
  readonly effect: FaultFields['effect'];
  readonly spec: FaultFields['spec'];
  /** Where the fault stands, and where its spec does. */
  readonly path: YamlPath;
  readonly specPath: YamlPath;
  /** In a workflow the template says how long it stays, not the fault. */
  readonly deadline?: { readonly ms: number | undefined };
}

export function resolveFault(
  context: FaultContext,
  fault: WrittenFault,
): Omit<FaultSpec, 'name'> | undefined {
  const { reading, targets } = context;
  const { specPath } = fault;
  const { schema, isOneShot } = faultSchemas[fault.kind];
  const known = withoutMistyped(reading, fault.spec, schema, specPath);
  const { common, own } = splitSpec(known);
  if (context.isChaosMesh) checkPodSelection(reading, fault.kind, fault.spec, specPath);
  const shared = reading.check(commonSpecSchema, specPath, common);
  const checked = reading.check(schema, specPath, own);
  const selector = reading.valid(selectorSchema.optional(), [...specPath, 'selector']);
  checkMeaning(context, fault, selector);
  const hit = targets?.length ? chooseTargets(context, fault, selector, targets) : [];
  const isComplete = Object.keys(known).length === Object.keys(fault.spec).length;
  if (!shared || checked === undefined || !isComplete) return undefined;
  const oneShot = isOneShot(checked);
  const durationMs = fault.deadline ? fault.deadline.ms : shared.duration;
  checkDuration(context, fault, oneShot, durationMs);
  return {
    kind: fault.kind,
    targets: hit,
    mode: shared.mode ?? 'all',
    value: shared.value,
    durationMs: oneShot ? undefined : (durationMs ?? context.durationMs),
    oneShot,
    spec: checked as FaultSpec['spec'],
    effect: { min: fault.effect?.min ?? 1, promql: fault.effect?.promql },
    ...(selector && { selector }),
  };
}

/** What nothing here can do, checked all the same, and said by name. */
export function refuseClusterOnly(
  context: FaultContext,
  kind: ChaosMeshFaultKind,
  spec: Readonly<Record<string, unknown>>,
  specPath: YamlPath,
  kindPath: YamlPath,
): void {
  const { reading, onlyChecked } = context;
  const { schema, selects: chosen, needs } = clusterOnly(kind)!;
  const { common, own } = splitSpec(spec);
  const ofKind = chosen === 'machines' && 'selector' in common ? { selector: common.selector } : {};
  if (chosen === 'pods') checkPodSelection(reading, kind, spec, specPath);
  if (chosen === 'machines') requireKeys(reading, [['mode']], spec, specPath);
  const { selector: _, ...withoutSelector } = common;
  reading.check(commonSpecSchema, specPath, chosen === 'machines' ? withoutSelector : common);
  reading.check(schema, specPath, { ...own, ...ofKind });
  reading.error('FD130', `${kind} acts only through Chaos Mesh on a cluster`, kindPath, {
    expected: `${needs}; nothing here can do it`,
    ...(onlyChecked && { severity: 'warning' }),
  });
}

/** Fields that the API server asks for, and that an experiment may leave out. */
const requiredByApiServer: Readonly<Partial<Record<string, readonly (readonly string[])[]>>> = {
  DNSChaos: [['action']],
  NetworkChaos: [
    ['bandwidth', 'limit'],
    ['bandwidth', 'buffer'],
  ],
};

function checkPodSelection(
  reading: Reading,
  kind: string,
  spec: Readonly<Record<string, unknown>>,
  specPath: YamlPath,
): void {
  const paths = [['mode'], ['selector'], ...(requiredByApiServer[kind] ?? [])];
  requireKeys(reading, paths, spec, specPath);
  if (typeof spec.value === 'number') {
    const path = [...specPath, 'value'];
    const expected = `a string: ${JSON.stringify(String(spec.value))}`;
    reading.error('FD105', `${reading.document.nameOf(path)} is a number`, path, { expected });
  }
}

/** A key of a part is only asked for where the part is. */
function requireKeys(
  reading: Reading,
  paths: readonly (readonly string[])[],
  spec: Readonly<Record<string, unknown>>,
  specPath: YamlPath,
): void {
  for (const path of paths) {
    const key = path.at(-1)!;
    const holderPath = [...specPath, ...path.slice(0, -1)];
    const holder = path.length === 1 ? spec : reading.at(holderPath);
    if (holder === null || typeof holder !== 'object' || key in holder) continue;
    const name = reading.document.nameOf([...specPath, ...path]);
    reading.error('FD107', `${name} is required`, holderPath, {
      expected: `${key}, as Chaos Mesh asks for it`,
    });
  }
}

/** Parts that only mean something on a cluster. */
function checkMeaning(context: FaultContext, fault: WrittenFault, selector: Selector | undefined): void {
  const { reading, onlyChecked } = context;
  const { spec, specPath } = fault;
  if (typeof spec.remoteCluster === 'string')
    reading.error(
      'FD130',
      `it acts on another cluster, ${spec.remoteCluster}`,
      [...specPath, 'remoteCluster'],
      {
        key: true,
        expected: 'no remoteCluster: what is broken here is on this machine',
        ...(onlyChecked && { severity: 'warning' }),
      },
    );
  for (const key of podOnlyKeys) {
    if (selector?.[key] === undefined) continue;
    reading.error(
      'FD120',
      `${key} chooses among pods of a cluster; here it changes nothing`,
      [...specPath, 'selector', key],
      {
        key: true,
        severity: 'warning',
      },
    );
  }
}

/**
 * The spec without keys that are most likely meant to be one that all kinds have: they are noted here, because the
 * kind's own schema could only suggest its own.
 */
function withoutMistyped(
  reading: Reading,
  spec: FaultFields['spec'],
  schema: z.ZodType,
  specPath: YamlPath,
): FaultFields['spec'] {
  const known = [...commonSpecKeys, ...knownKeys(schema, [])];
  const kept = Object.entries(spec).filter(([key]) => {
    const meant = known.includes(key) ? undefined : nearest(key, known);
    if (meant === undefined || !commonSpecKeys.includes(meant)) return true;
    const message = `unknown key ${JSON.stringify(key)} in ${reading.document.nameOf(specPath)}`;
    reading.error('FD106', message, [...specPath, key], { key: true, expected: meant });
    return false;
  });
  return Object.fromEntries(kept);
}

function checkDuration(
  context: FaultContext,
  { kind, specPath, spec, path, deadline }: WrittenFault,
  oneShot: boolean,
  durationMs: number | undefined,
): void {
  const { reading, onlyChecked, isChaosMesh } = context;
  const durationPath = [...specPath, 'duration'];
  if (deadline && spec.duration !== undefined) {
    reading.error('FD105', `${kind} has a duration of its own`, durationPath, {
      key: true,
      expected: 'deadline of the template instead',
    });
    return;
  }
  if (!oneShot && durationMs === undefined && context.durationMs === undefined) {
    const given = deadline ? 'deadline of the template' : 'duration';
    reading.error(
      'FD107',
      `${kind} has no ${deadline ? 'deadline' : 'duration'}`,
      deadline ? path : specPath,
      {
        expected: `${given}, such as 30s${isChaosMesh ? ', or --duration 30s' : ''}: every fault ends`,
        // On a cluster such a fault stays until somebody deletes it.
        ...(onlyChecked && isChaosMesh && { severity: 'warning' }),
      },
    );
  }
  if (oneShot && !deadline && durationMs !== undefined)
    reading.error('FD120', `${kind} acts once here; its duration changes nothing`, durationPath, {
      key: true,
      severity: 'warning',
    });
}

/** Names of the chosen targets; empty when there are none, and then that was noted. */
function chooseTargets(
  { reading }: FaultContext,
  { on, path, specPath }: WrittenFault,
  selector: Selector | undefined,
  all: readonly TargetSpec[],
): string[] {
  const selectorPath = [...specPath, 'selector'];
  const names = all.map((target) => target.name);
  if (on !== undefined) {
    if (selector)
      reading.error('FD105', 'a selector beside `on`', selectorPath, { key: true, expected: 'only on' });
    const listed = typeof on === 'string' ? [on] : on;
    listed.forEach((target, index) => {
      if (!names.includes(target))
        reading.undefinedName('target', target, names, [
          ...path,
          'on',
          ...(typeof on === 'string' ? [] : [index]),
        ]);
    });
    return listed.filter((target, index) => names.includes(target) && listed.indexOf(target) === index);
  }
  if (selector) {
    const chosen = all
      .filter((target) => target.anySelector || maySelect(selector, target))
      .map((target) => target.name);
    if (chosen.length === 0) {
      reading.error('FD110', 'the selector matches none of the targets', selectorPath, {
        key: true,
        expected: `what one of these carries: ${all.map(describeTarget).join(', ')}`,
      });
    }
    return chosen;
  }
  if (all.length === 1) return names;
  if (all.length > 1)
    reading.error('FD107', 'which target the fault acts on is not said', path, {
      expected: `on: ${names.join(' or ')}`,
    });
  return [];
}

/** The labels of a container are known to its engine: the plan matches them. */
function maySelect(selector: Selector, target: TargetSpec): boolean {
  if (target.kind.type !== 'container') return selects(selector, target);
  const { labelSelectors: _, expressionSelectors: __, ...byName } = selector;
  return selects(byName, target);
}

function describeTarget({ name, namespace, labels }: TargetSpec): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return `${namespace}/${name}${pairs.length > 0 ? ` {${pairs.join(', ')}}` : ''}`;
}

/** `dns-chaos` for DNSChaos, with a number from the second on. */
export function faultNames(
  faults: readonly { readonly name?: string | undefined; readonly kind: string }[],
): string[] {
  const taken = new Set(faults.map((fault) => fault.name));
  return faults.map((fault) => {
    if (fault.name !== undefined) return fault.name;
    const base = fault.kind.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase();
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}-${number}`;
    taken.add(name);
    return name;
  });
}
