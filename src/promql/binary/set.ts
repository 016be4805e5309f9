// and, or, unless: which samples of the left (and for `or`, the right) side stay, by whether the other side has a
// sample with the same matching labels at that step. Values are not looked at.

import type { Binary } from '../ast.ts';
import { mergeDuplicates } from '../duplicates.ts';
import type { QueryContext } from '../query-context.ts';
import { countPresent, type Series, type VectorValue, vector } from '../values.ts';
import { type MatchGroup, matchGroups } from './matching.ts';

export function setOperation(
  { interrupt }: QueryContext,
  node: Binary,
  left: VectorValue,
  right: VectorValue,
  steps: number,
): VectorValue {
  interrupt.spend((left.series.length + right.series.length) * steps);
  const groups = matchGroups(left.series, right.series, node.matching);
  switch (node.operator) {
    case 'and':
      return vector(groups.flatMap((group) => masked(group.left, presenceOf(group.right, steps), 1)));
    case 'unless':
      return vector(groups.flatMap((group) => masked(group.left, presenceOf(group.right, steps), 0)));
    default:
      return vector(mergeDuplicates([...left.series, ...groups.flatMap((group) => rightRest(group, steps))]));
  }
}

function rightRest({ left, right }: MatchGroup, steps: number): Series[] {
  return left.length === 0 ? right : masked(right, presenceOf(left, steps), 0);
}

/** Steps at which any of the series has a value. */
function presenceOf(series: readonly Series[], steps: number): Uint8Array {
  if (series.length === 1) return series[0]!.presence;
  const any = new Uint8Array(steps);
  for (const { presence } of series) for (let i = 0; i < steps; i++) any[i]! |= presence[i]!;
  return any;
}

/** The series where `mask` is `wanted`; those of which nothing is left are gone. */
function masked(series: readonly Series[], mask: Uint8Array, wanted: 0 | 1): Series[] {
  return series.flatMap((one) => {
    const presence = one.presence.map((held, i) => (held && mask[i] === wanted ? 1 : 0));
    return countPresent(presence) > 0 ? [{ ...one, presence }] : [];
  });
}
