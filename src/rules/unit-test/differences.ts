// What exactly differs between what a test expects and what it got, in words: each expected alert or sample is put
// beside the one that is most like it.

import { type LabelRecord, quoteString } from '../../base/labels.ts';
import { sameAlert, sameSample } from './check.ts';
import type { FiringAlert, Sample } from './failure.ts';
import { recordText, sampleText, valueText } from './value-text.ts';

/** Differences that are told; more say nothing more. */
const differencesMax = 20;

export function alertDifferences(expected: readonly FiringAlert[], got: readonly FiringAlert[]): string[] {
  return describe(expected, got, {
    same: sameAlert,
    likeness: (a, b) => commonPairs(a.labels, b.labels) * 2 + commonPairs(a.annotations, b.annotations),
    name: ({ labels }) => recordText(labels),
    differ: (a, b) => [
      ...recordDifferences('label', a.labels, b.labels),
      ...recordDifferences('annotation', a.annotations, b.annotations),
    ],
    missing: 'did not fire',
    surplus: 'fired and was not expected',
  });
}

export function sampleDifferences(expected: readonly Sample[], got: readonly Sample[]): string[] {
  return describe(expected, got, {
    same: (a, b) => sameSample(a, b, false),
    likeness: (a, b) =>
      commonPairs(a.labels.toRecord(), b.labels.toRecord()) * 2 +
      (a.labels.equals(b.labels) ? 1000 : 0) +
      (a.value === b.value && a.histogram === b.histogram ? 1 : 0),
    name: sampleText,
    differ: (a, b) => [
      ...recordDifferences('label', a.labels.toRecord(), b.labels.toRecord()),
      ...valueDifferences(a, b),
    ],
    missing: 'is missing',
    surplus: 'was not expected',
  });
}

interface Kind<T> {
  same(a: T, b: T): boolean;
  likeness(a: T, b: T): number;
  name(one: T): string;
  differ(expected: T, got: T): string[];
  readonly missing: string;
  readonly surplus: string;
}

function describe<T>(expected: readonly T[], got: readonly T[], kind: Kind<T>): string[] {
  const unmatched = [...got];
  const wanted = expected.filter((one) => {
    const at = unmatched.findIndex((other) => kind.same(one, other));
    if (at >= 0) unmatched.splice(at, 1);
    return at < 0;
  });
  const lines: string[] = [];
  for (const one of wanted.slice(0, differencesMax)) {
    const partner = mostLike(one, unmatched, kind);
    if (partner === undefined) {
      lines.push(`${kind.name(one)} ${kind.missing}`);
      continue;
    }
    unmatched.splice(unmatched.indexOf(partner), 1);
    lines.push(...kind.differ(one, partner));
  }
  lines.push(...unmatched.slice(0, differencesMax).map((one) => `${kind.name(one)} ${kind.surplus}`));
  return lines.slice(0, differencesMax);
}

function mostLike<T>(one: T, others: readonly T[], { likeness }: Kind<T>): T | undefined {
  let best: T | undefined;
  let most = -1;
  for (const other of others.slice(0, 200)) {
    const alike = likeness(one, other);
    if (alike > most) [best, most] = [other, alike];
  }
  return best;
}

function commonPairs(a: LabelRecord, b: LabelRecord): number {
  return Object.keys(a).filter((name) => Object.hasOwn(b, name) && a[name] === b[name]).length;
}

function recordDifferences(what: string, expected: LabelRecord, got: LabelRecord): string[] {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(got)])].sort();
  const shown = (record: LabelRecord, name: string) =>
    Object.hasOwn(record, name) ? quoteString(record[name]!) : 'none';
  return names
    .filter((name) => shown(expected, name) !== shown(got, name))
    .map((name) => `${what} ${name}: expected ${shown(expected, name)}, got ${shown(got, name)}`);
}

function valueDifferences(a: Sample, b: Sample): string[] {
  if (sameSample({ ...a, labels: b.labels }, b, false)) return [];
  const of = a.labels.equals(b.labels) ? ` of ${a.labels}` : '';
  const hint =
    Number.isNaN(a.value) && Number.isNaN(b.value) ? ' (NaN equals nothing: compare it with `!=`)' : '';
  return [`value${of}: expected ${valueText(a)}, got ${valueText(b)}${hint}`];
}
