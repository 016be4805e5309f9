// What an objective's comparison says about one value. The judge decides on the whole recording; reports use this to
// colour single points.

import type { ObjectiveVerdict } from '../experiment/verdict.ts';

export type Comparison = ObjectiveVerdict['comparison'];

const operators: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  '<': (value, threshold) => value < threshold,
  '<=': (value, threshold) => value <= threshold,
  '>': (value, threshold) => value > threshold,
  '>=': (value, threshold) => value >= threshold,
  '==': (value, threshold) => value === threshold,
  '!=': (value, threshold) => value !== threshold,
};

/** Whether the comparison is true for `value`; true where the threshold is not constant and so cannot be asked. */
export function holds(comparison: Pick<Comparison, 'operator' | 'threshold'>, value: number): boolean {
  const { operator, threshold } = comparison;
  return threshold === null || (operators[operator]?.(value, threshold) ?? true);
}

/** Which end of the values is the bad one. */
export function worstEnd(operator: string): 'highest' | 'lowest' {
  return operator === '>' || operator === '>=' ? 'lowest' : 'highest';
}
