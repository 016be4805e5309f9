// When an alert has to ring: since when its deadlines count, and until when there was something to ring for.

import type { AlertCase, RingDuty } from './finding.ts';
import { lengthMs } from './stretches.ts';

/** `rings`: from the injection, whatever the objectives do. */
export function faultDuty({ spec, facts, injectedAt }: AlertCase): RingDuty {
  return {
    from: injectedAt,
    fromWhat: 'the injection',
    // What a one-shot fault did is not taken away by us, so that there is no end to ring before.
    until: facts.undoingAt,
    endedByUndo: facts.undoingAt !== null,
    ...deadlines(spec, injectedAt),
    toleranceMs: 0,
  };
}

/** `follows`: from the breach of what it guards; undefined when nothing is known to have broken. */
export function breachDuty({ spec, facts, guarded }: AlertCase): RingDuty | undefined {
  const breaches = mergedBreaches(
    guarded.filter((finding) => finding.state === 'broken'),
    facts.endedAt,
  );
  if (breaches.length === 0) return undefined;
  const lastDueMs = Math.max(spec.firesWithinMs ?? 0, spec.notifies?.withinMs ?? 0);
  // Of several breaches the one counts that lasted past the deadline; else the longest came nearest to it.
  const longest = breaches.reduce((best, breach) => (lengthMs(breach) > lengthMs(best) ? breach : best));
  const breach = breaches.find((each) => lastDueMs > 0 && lengthMs(each) >= lastDueMs) ?? longest;
  const until = breach.open ? null : breach.to;
  return {
    from: breach.from,
    fromWhat: 'the breach',
    until,
    endedByUndo: until !== null && facts.undoingAt !== null && until >= facts.undoingAt,
    ...deadlines(spec, breach.from),
    toleranceMs: Math.max(...guarded.map((finding) => finding.stepMs)),
  };
}

function deadlines(spec: AlertCase['spec'], from: number): Pick<RingDuty, 'firesBy' | 'notifiesBy'> {
  const notifiesMs = spec.notifies?.withinMs;
  return {
    // What must be told by a time must have fired by then. A file without either is refused.
    firesBy: from + (spec.firesWithinMs ?? notifiesMs ?? Number.POSITIVE_INFINITY),
    notifiesBy: notifiesMs === undefined ? null : from + notifiesMs,
  };
}

interface Breach {
  from: number;
  to: number;
  open: boolean;
}

/** Breaches of several objectives that overlap are one to the alert that guards them all. */
function mergedBreaches(guarded: AlertCase['guarded'], endMs: number): Breach[] {
  const all = guarded
    .flatMap((finding) => finding.breaches)
    .map(({ from, to, open }) => ({ from, to: open ? endMs : to, open }))
    .sort((a, b) => a.from - b.from);
  const merged: Breach[] = [];
  for (const breach of all) {
    const last = merged.at(-1);
    if (!last || breach.from > last.to) merged.push({ ...breach });
    else if (breach.to >= last.to) {
      last.open = breach.to > last.to ? breach.open : last.open || breach.open;
      last.to = breach.to;
    }
  }
  return merged;
}
