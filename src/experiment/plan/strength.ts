// How large a share of requests a fault makes fail at most, by what its file says: some of the targets, some of the packets.
// What it does to a request that it hits is assumed to be total.

import type { FaultSpec } from '../model.ts';
import type { PlannedFault } from './faults.ts';

export interface Strength {
  /** In (0, 1]. */
  readonly errorRatio: number;
  /** Where it is less than all: `1 of 4 targets`, `25 % of packets`. */
  readonly why: string | undefined;
}

/** The strongest of the faults. */
export function strengthOf(faults: readonly PlannedFault[]): Strength {
  const all = faults.map(strengthOfOne);
  const strongest = all.toSorted((a, b) => b.errorRatio - a.errorRatio)[0];
  return strongest ?? { errorRatio: 1, why: undefined };
}

function strengthOfOne({ spec, candidates, injections }: PlannedFault): Strength {
  const hit = spec.workflow === undefined ? injections.length : candidates.length;
  const ofTargets = candidates.length > 0 && hit > 0 ? hit / candidates.length : 1;
  const percent = percentOf(spec);
  const whys = [
    ...(ofTargets < 1 ? [`${hit} of ${candidates.length} targets`] : []),
    ...(percent < 100 ? [`${percent} % of what they do`] : []),
  ];
  return {
    errorRatio: ofTargets * (percent / 100),
    why: whys.length === 0 ? undefined : whys.join(' and '),
  };
}

/** IOChaos's `percent`, NetworkChaos's `loss` and `corrupt`; everything else hits all that it matches. */
function percentOf({ spec }: FaultSpec): number {
  const shares = [spec.percent, sharePercent(spec.loss), sharePercent(spec.corrupt)];
  const known = shares.filter((share) => typeof share === 'number' && share > 0 && share <= 100) as number[];
  return known.length === 0 ? 100 : Math.max(...known);
}

function sharePercent(share: unknown): unknown {
  return typeof share === 'object' && share !== null ? (share as { percent?: unknown }).percent : undefined;
}
