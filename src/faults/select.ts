// Which of a fault's targets are hit: Chaos Mesh's modes, with a seeded draw so that a run can be repeated.

import { UserError } from '../base/diagnostics.ts';
import type { Random } from '../base/random.ts';
import type { Mode } from './chaos-mesh/fields.ts';
import type { Selector } from './chaos-mesh/selector.ts';

/** Chaos Mesh's selector with its mode, where a field of a fault has one of its own. */
export interface PeerSelection {
  readonly selector: Selector;
  readonly mode: Mode;
  readonly value: string | undefined;
}

/** `value` is an integer for `fixed`, 0 to 100 for the two percent modes; Chaos Mesh writes it as a string. */
export function selectTargets<T>(
  candidates: readonly T[],
  mode: Mode,
  value: string | undefined,
  random: Random,
): T[] {
  return shuffled(candidates, random).slice(0, countOf(candidates.length, mode, Number(value ?? 0), random));
}

/** The most that a mode can ever pick. */
export function mostSelected(candidates: number, mode: Mode, value: string | undefined): number {
  return countOf(candidates, mode, Number(value ?? 0), () => 1);
}

/** Refuses to hit more than `share` of two or more targets. */
export function checkShare(
  fault: string,
  selected: number,
  candidates: number,
  share: number,
  allowed: ReadonlySet<string>,
): void {
  if (candidates < 2 || selected <= share * candidates || allowed.has('FD806')) return;
  const percent = Math.round(share * 100);
  throw UserError.of(
    'FD806',
    `${fault} would hit ${selected} of ${candidates} targets; limits.share allows ${percent} %`,
    {
      hint: 'Lower its mode or value, raise limits.share, or run with --allow FD806.',
    },
  );
}

function countOf(candidates: number, mode: Mode, value: number, random: Random): number {
  switch (mode) {
    case 'one':
      return Math.min(1, candidates);
    case 'all':
      return candidates;
    case 'fixed':
      return Math.min(value, candidates);
    case 'fixed-percent':
      return shareOf(candidates, value);
    case 'random-max-percent':
      return shareOf(candidates, Math.min(value, Math.floor(random() * (value + 1))));
  }
}

/** Rounded up, as in Chaos Mesh: a share above zero is at least one. */
function shareOf(candidates: number, percent: number): number {
  return Math.ceil((candidates * percent) / 100);
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}
