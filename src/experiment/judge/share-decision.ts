// What the number of events allows to be said: a share so near to its target that chance alone could have put it on the
// other side is noisy, whichever side it was on.

import { humanDuration } from '../../base/duration.ts';
import type { Evidence } from '../verdict.ts';
import type { EventShare } from './event-share.ts';
import type { ObjectiveCase } from './objective-finding.ts';
import { countShare, findShare, type ShareCount, type ShareFinding } from './share-counts.ts';
import type { Stretch } from './stretches.ts';

/** Over the fault; an expression that looks back further reads more, and so does this. */
export function shareOfFault(objective: ObjectiveCase): ShareFinding | undefined {
  const { share, facts, injectedAt } = objective;
  const toMs = facts.undoingAt ?? facts.undoneAt ?? facts.endedAt;
  return share && counted(objective, share, toMs, Math.max(share.rangeMs ?? 0, toMs - injectedAt));
}

/** Of the breach that proves the most: what made its readings, without what was before the injection. */
export function shareOfBreaches(objective: ObjectiveCase): ShareFinding | undefined {
  const { share, breaches } = objective;
  if (!share) return undefined;
  const findings = breaches.map((breach) => shareOfBreach(objective, share, breach));
  return findings.find((finding) => finding?.side !== 'unclear') ?? findings[0];
}

/** Windows of fewer scrapes have no rate. */
const scrapesMin = 3;

function shareOfBreach(
  objective: ObjectiveCase,
  share: EventShare,
  breach: Stretch,
): ShareFinding | undefined {
  const { facts, injectedAt, spec } = objective;
  const goneAt = facts.undoneAt ?? facts.endedAt;
  const toMs = breach.from < goneAt ? Math.min(breach.to, goneAt) : breach.to;
  const memoryMs = share.rangeMs ?? Number.POSITIVE_INFINITY;
  const fromMs = Math.max(injectedAt, breach.from - memoryMs);
  const shortestMs = scrapesMin * (facts.plan?.scrapeIntervalMs ?? spec.stepMs ?? 1000);
  return counted(objective, share, toMs, Math.max(shortestMs, toMs - fromMs));
}

function counted(
  { recording, facts, lost }: ObjectiveCase,
  share: EventShare,
  atMs: number,
  windowMs: number,
): ShareFinding | undefined {
  const counts = countShare(recording, share, atMs, windowMs, facts.features);
  return findShare(lost > 0 && counts.length <= 1 ? [withLost(counts[0], lost)] : counts, share.target);
}

function withLost(count: ShareCount | undefined, lost: number): ShareCount {
  const { goodShare, events } = count ?? { goodShare: 0, events: 0 };
  return { goodShare: (goodShare * events) / (events + lost), events: events + lost };
}

/** What chance leaves open, and what would close it. */
export function unclearWords({ spec, words, share }: ObjectiveCase, finding: ShareFinding): string {
  const { count, interval, needed } = finding;
  const good = share?.what === 'percentile' ? `within ${words.limit}` : 'good';
  const range = `anywhere from ${percent(interval.low)} to ${percent(interval.high)}`;
  return `${spec.name} cannot be told from its target: ${percent(count.goodShare)} of ${whole(count.events)} requests were ${good}, so that the true share may be ${range}, and the target is ${percent(share!.target)}; ${neededWords(needed)}.`;
}

function neededWords(needed: number): string {
  return Number.isFinite(needed)
    ? `at this share about ${whole(needed)} requests would settle it`
    : 'a share right on its target is settled by no number of requests';
}

/** In the baseline: how many requests each reading would need so that ordinary ones stay on their side. */
export function settledBaseline(objective: ObjectiveCase): string {
  const { share, facts, injectedAt } = objective;
  if (!share?.rangeMs) return '';
  const lengthMs = injectedAt - (facts.baselineAt ?? facts.startedAt);
  const baseline = counted({ ...objective, lost: 0 }, share, injectedAt, lengthMs);
  if (!baseline || !Number.isFinite(baseline.needed)) return '';
  const held = (baseline.count.events / lengthMs) * share.rangeMs;
  return ` Its window of ${humanDuration(share.rangeMs)} held ${whole(held)} requests, and about ${whole(baseline.needed)} would settle it.`;
}

export function shareEvidence(objective: ObjectiveCase): Evidence[] {
  const finding = shareOfFault(objective);
  if (!finding) return [];
  const { count, interval } = finding;
  const what =
    objective.share?.what === 'percentile' ? `share within ${objective.words.limit}` : 'share good';
  const between = `${percent(interval.low)} to ${percent(interval.high)} at 95 % confidence`;
  const lost = objective.lost >= 1 ? `, ${whole(objective.lost)} of them lost` : '';
  return [
    {
      label: what,
      value: `${percent(count.goodShare)} of ${whole(count.events)} requests${lost}; ${between}`,
    },
  ];
}

/** Four digits: targets have three nines. What is left of a rounding is nothing. */
function percent(share: number): string {
  return `${Number(Number((share * 100).toPrecision(4)).toFixed(6))} %`;
}

function whole(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}
