// The hops of an alert's way in words that all reports share.

import { coarseDuration, formatDuration, humanDuration } from '../base/duration.ts';
import type { AlertHop, Evidence, HopName } from '../experiment/verdict.ts';

const names: Readonly<Record<HopName, string>> = {
  injected: 'injected',
  breached: 'broke',
  pending: 'pending',
  firing: 'firing',
  grouped: 'group opened',
  notified: 'notified',
  captured: 'captured',
  delivered: 'delivered',
  undone: 'undone',
  recovered: 'recovered',
  resolved: 'resolved',
  'resolved-notified': 'told resolved',
};

export function hopName(hop: HopName): string {
  return names[hop];
}

/**
 * Hops in the order in which they happened; one that was not seen stays after the hop before it. A fault that is put in
 * place several times may be undone for the last time long after everything is well.
 */
export function inOrderOfTime(hops: readonly AlertHop[]): AlertHop[] {
  let before = Number.NEGATIVE_INFINITY;
  const places = hops.map((hop) => {
    before = hop.at ?? before;
    return { hop, at: before };
  });
  return places.sort((a, b) => a.at - b.at).map(({ hop }) => hop);
}

/** Facts that the hops do not tell already, with more detail. */
export function besideHops(evidence: readonly Evidence[], hops: readonly AlertHop[]): Evidence[] {
  const times = new Set(hops.map(({ at }) => at));
  return evidence.filter(({ label, at }) => at === undefined || !times.has(at) || !ofHop.test(label));
}

const ofHop = /^(breach|pending|firing|resolved|told .*)$/;

/** `3s`, `at once`, `2s before`; undefined where the latency is not known. */
export function latencyWords({ tookMs }: AlertHop): string | undefined {
  if (tookMs === null) return undefined;
  if (tookMs < 0) return `${humanDuration(-tookMs)} before`;
  return tookMs === 0 ? 'at once' : humanDuration(tookMs);
}

/** `at most 5s`; undefined where it waits for no setting. */
export function boundWords({ boundMs }: AlertHop): string | undefined {
  return boundMs === null || boundMs === 0 ? undefined : `at most ${longDuration(boundMs)}`;
}

/** `scrape interval 1s + evaluation interval 1s`; '' for none. */
export function settingWords({ settings }: AlertHop): string {
  return settings.map(({ name, ms }) => `${name} ${formatDuration(ms)}`).join(' + ');
}

/** Windows of days make bounds of days, which nobody counts in hours. */
export function longDuration(ms: number): string {
  return ms < 2 * 86_400_000 ? humanDuration(ms) : coarseDuration(ms);
}

/** Each hop that has a bound or went over it: `firing 3s (at most 3s)`, for one line. */
export function boundedHops(hops: readonly AlertHop[]): string[] {
  return hops.flatMap((hop) => {
    const took = latencyWords(hop);
    const bound = boundWords(hop);
    if (took === undefined || (bound === undefined && !hop.over)) return [];
    const beside = [bound, hop.over ? 'OVER' : undefined].filter((word) => word !== undefined);
    return [`${hopName(hop.hop)} ${took} (${beside.join(', ')})`];
  });
}
