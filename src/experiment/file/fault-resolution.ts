// From a fault as it is written to a fault on named targets: its spec checked against the schema of its kind, its
// targets found by name or by selector.

import type { z } from 'zod';
import { nearest } from '../../base/diagnostics.ts';
import { knownKeys } from '../../base/schema-issues.ts';
import type { YamlPath } from '../../base/yaml.ts';
import { faultSchemas } from '../../faults/kinds.ts';
import type { FaultKindName, FaultSpec, TargetSpec } from '../model.ts';
import { commonSpecKeys, commonSpecSchema, type FaultFields, splitSpec } from './faults.ts';
import type { Reading } from './reading.ts';
import { type Selector, selectorSchema, selects } from './selector.ts';

/** `path` is where the fault stands; `targets` is undefined when the declaration of one of them is wrong. */
export function resolveFault(
  reading: Reading,
  fault: FaultFields,
  path: YamlPath,
  targets: readonly TargetSpec[] | undefined,
): Omit<FaultSpec, 'name'> | undefined {
  const specPath = [...path, 'spec'];
  const { schema, isOneShot } = faultSchemas[fault.kind];
  const known = withoutMistyped(reading, fault.spec, schema, specPath);
  const { common, own } = splitSpec(known);
  const shared = reading.check(commonSpecSchema, specPath, common);
  const checked = reading.check(schema, specPath, own);
  const selector = reading.valid(selectorSchema.optional(), [...specPath, 'selector']);
  const hit = targets?.length ? chooseTargets(reading, fault.on, selector, path, targets) : [];
  const isComplete = Object.keys(known).length === Object.keys(fault.spec).length;
  if (!shared || checked === undefined || !isComplete) return undefined;
  const oneShot = isOneShot(checked);
  checkDuration(reading, fault.kind, oneShot, shared.duration, specPath);
  return {
    kind: fault.kind,
    targets: hit,
    mode: shared.mode ?? 'all',
    value: shared.value,
    durationMs: oneShot ? undefined : shared.duration,
    oneShot,
    spec: checked as FaultSpec['spec'],
    effect: { min: fault.effect?.min ?? 1, promql: fault.effect?.promql },
  };
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
  reading: Reading,
  kind: FaultKindName,
  oneShot: boolean,
  durationMs: number | undefined,
  specPath: YamlPath,
): void {
  const path = [...specPath, 'duration'];
  if (!oneShot && durationMs === undefined)
    reading.error('FD107', `${kind} has no duration`, specPath, {
      expected: 'duration, such as 30s: every fault ends',
    });
  if (oneShot && durationMs !== undefined)
    reading.error('FD120', `${kind} acts once here; its duration changes nothing`, path, {
      key: true,
      severity: 'warning',
    });
}

/** Names of the chosen targets; empty when there are none, and then that was noted. */
function chooseTargets(
  reading: Reading,
  on: FaultFields['on'],
  selector: Selector | undefined,
  path: YamlPath,
  all: readonly TargetSpec[],
): string[] {
  const selectorPath = [...path, 'spec', 'selector'];
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
    const chosen = all.filter((target) => selects(selector, target)).map((target) => target.name);
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
