// Whether what a probe answered is within its tolerance, with the meaning that Chaos Toolkit gives to each form:
// chaoslib/hypothesis.py of chaostoolkit-lib.

import { compileJsonPath } from './json-path.ts';
import type { ProviderSpec, Tolerance, ToleranceSpec } from './model.ts';
import { compilePattern } from './pattern.ts';
import { pythonText, substitute, type Variables } from './substitution.ts';

export interface Checked {
  readonly met: boolean;
  /** What was found, and what was asked for, in a few words. */
  readonly reason: string;
}

/** Plays the probe of a tolerance; rejects when it fails. */
export type AskProbe = (provider: ProviderSpec) => Promise<unknown>;

export async function checkTolerance(
  written: Tolerance,
  value: unknown,
  variables: Variables,
  ask: AskProbe,
): Promise<Checked> {
  const tolerance = (typeof written === 'string' ? substitute(written, variables) : written) as Tolerance;
  if (Array.isArray(tolerance)) return inList(tolerance, value);
  if (tolerance === null || typeof tolerance !== 'object') return isSame(tolerance as boolean, value);
  const spec = tolerance as ToleranceSpec;
  switch (spec.type) {
    case 'regex':
      return matches(spec, value, variables);
    case 'jsonpath':
      return finds(spec, value, variables);
    case 'range':
      return inRange(spec.range, targeted(value, spec.target));
    case 'probe':
      return judgedByProbe(spec, value, ask);
  }
}

function isSame(tolerance: boolean | number | string, value: unknown): Checked {
  const found = typeof tolerance === 'number' ? statusOr(value) : value;
  return { met: isEqual(found, tolerance), reason: `${shown(found)}, expected ${shown(tolerance)}` };
}

function inList(tolerance: readonly unknown[], value: unknown): Checked {
  const found = statusOr(value);
  // Of a value without a status, two entries are the ends of a range.
  if (found === value && tolerance.length === 2) return inRange(tolerance, value);
  const met = tolerance.some((each) => isEqual(each, found));
  return { met, reason: `${shown(found)}, expected one of ${shown(tolerance)}` };
}

function inRange([low, high]: readonly unknown[], value: unknown): Checked {
  const expected = `expected ${shown(low)} to ${shown(high)}`;
  if (typeof low === 'string' && typeof high === 'string' && typeof value === 'string')
    return { met: low <= value && value <= high, reason: `${shown(value)}, ${expected}` };
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value ?? Number.NaN);
  if (Number.isNaN(number) || typeof value === 'object')
    return { met: false, reason: `${shown(value)} is no number, ${expected}` };
  return { met: Number(low) <= number && number <= Number(high), reason: `${shown(value)}, ${expected}` };
}

function matches(
  { pattern, target }: Extract<ToleranceSpec, { type: 'regex' }>,
  value: unknown,
  variables: Variables,
): Checked {
  const found = targeted(value, target);
  const written = pythonText(substitute(pattern, variables));
  if (typeof found !== 'string') return { met: false, reason: `${shown(found)} is no text to match` };
  const met = compilePattern(written).matcher(found).find();
  return { met, reason: `${shown(found)} ${met ? 'matches' : 'does not match'} ${written}` };
}

function finds(
  spec: Extract<ToleranceSpec, { type: 'jsonpath' }>,
  value: unknown,
  variables: Variables,
): Checked {
  const path = pythonText(substitute(spec.path, variables));
  const values = compileJsonPath(path)(parsed(targeted(value, spec.target)));
  if ('expect' in spec) {
    const expect = substitute(spec.expect, variables);
    const met = isEqual(values, Array.isArray(expect) ? expect : [expect]);
    return { met, reason: `${path} finds ${shown(values)}, expected ${shown(expect)}` };
  }
  const found = `${path} finds ${values.length} ${values.length === 1 ? 'value' : 'values'}`;
  if (spec.count === undefined) return { met: values.length > 0, reason: `${found}, expected any` };
  return { met: values.length === spec.count, reason: `${found}, expected ${spec.count}` };
}

async function judgedByProbe(
  { name, provider }: Extract<ToleranceSpec, { type: 'probe' }>,
  value: unknown,
  ask: AskProbe,
): Promise<Checked> {
  const given = { ...(provider.arguments as object | undefined), value };
  try {
    const answer = await ask({ ...provider, arguments: given } as ProviderSpec);
    return { met: isTruthy(answer), reason: `${name} says ${shown(answer)} of ${shown(value)}` };
  } catch (error) {
    return { met: false, reason: `${name} failed: ${(error as Error).message}` };
  }
}

/** A key of the answer; the answer itself when it has no such key. */
function targeted(value: unknown, target: string | undefined): unknown {
  if (!target || value === null || typeof value !== 'object') return value;
  return Object.hasOwn(value, target) ? (value as Record<string, unknown>)[target] : value;
}

function statusOr(value: unknown): unknown {
  return value !== null && typeof value === 'object' && 'status' in value ? value.status : value;
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Python's `==`: true is 1, and lists and mappings are compared by what is in them. */
function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a === 'boolean' || typeof b === 'boolean') {
    const isNumeric = [a, b].every((each) => typeof each === 'boolean' || typeof each === 'number');
    return isNumeric && Number(a) === Number(b);
  }
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) &&
        isEqual((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

/** Python's bool(). */
function isTruthy(value: unknown): boolean {
  if (value !== null && typeof value === 'object') return Object.keys(value).length > 0;
  return Boolean(value);
}

const shownMax = 120;

/** A value in a sentence. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
