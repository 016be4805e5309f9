// The way of one alert, hop by hop: from the injection to whoever is told, and from the undo to whoever is told that
// it is over. Each latency stands beside its bound, which is what the settings add up to at worst (predict.ts has the
// same sums for the whole way). What took longer than its bound was not waiting for a setting.
//
//     injected → breached → pending → firing → group opened → notified → captured or delivered
//     undone → recovered → resolved → resolved notification

import { formatDuration, humanDuration } from '../../base/duration.ts';
import type { AlertSpec } from '../model.ts';
import type { PlannedRule } from '../timeline.ts';
import type { AlertHop, HopName, HopSetting } from '../verdict.ts';
import type { AlertHistory, Told } from './alert-history.ts';
import type { RunFacts } from './facts.ts';
import type { ObjectiveFinding } from './objective-finding.ts';
import { forTicksMs } from './predict.ts';

export interface HopsOf {
  readonly spec: AlertSpec;
  readonly history: AlertHistory;
  readonly facts: RunFacts;
  readonly rules: readonly PlannedRule[];
  readonly guarded: readonly ObjectiveFinding[];
  /** When the first of what it guards broke. */
  readonly breached: number | null;
}

/** What a request needs on its way, and a clock's grain; beyond it a hop counts as over its bound. */
const wayMs = 1000;

interface Step {
  readonly hop: HopName;
  readonly at: number | null;
  /** Undefined where no setting bounds it. */
  readonly settings?: readonly HopSetting[];
  readonly detail?: string | undefined;
}

/** Empty when nothing was injected: there is no way to follow. */
export function hopsOf(about: HopsOf): AlertHop[] {
  if (about.facts.injectedAt === null) return [];
  return [...chained(thereSteps(about)), ...chained(backSteps(about))];
}

function thereSteps(about: HopsOf): Step[] {
  const { spec, history, facts, breached } = about;
  const firing = history.firing[0]?.from ?? null;
  // Whoever is told of an alert that fired before the fault is not told of the fault.
  const told = firing === null ? undefined : firstTold(history, 'firing', firing);
  const grouped = firing === null ? undefined : groupOf(history, told);
  const [rule] = about.rules;
  const pending =
    history.pending.filter(({ from }) => firing === null || from <= firing).at(-1)?.from ?? null;
  const hasPending = pending !== null || (rule?.forMs ?? 0) > 0;
  return [
    { hop: 'injected', at: facts.injectedAt },
    ...(spec.expect === 'rings' && breached === null ? [] : [{ hop: 'breached' as const, at: breached }]),
    ...(hasPending ? [{ hop: 'pending' as const, at: pending, settings: seeing(about) }] : []),
    { hop: 'firing', at: firing, settings: [...(hasPending ? [] : seeing(about)), ...waiting(about)] },
    ...(spec.notifies || told || grouped ? telling(about, told, grouped, firing) : []),
  ];
}

function telling(
  { history, rules, facts }: HopsOf,
  told: Told | undefined,
  grouped: AlertHistory['grouped'][number] | undefined,
  firing: number | null,
): Step[] {
  const route = routeTo(rules, told?.receiver ?? grouped?.receiver);
  const joined = grouped !== undefined && !grouped.opens;
  const setting = joined ? 'group_interval' : 'group_wait';
  const waitMs = route && (joined ? route.groupIntervalMs : route.groupWaitMs);
  const sent = history.suppressed.length > 0 && !told ? null : (grouped?.flushAt ?? null);
  // The group was due then; a notification that came out of a later flush was not.
  const notified = told && sent !== null && sent <= told.at ? sent : null;
  const way = told?.way ?? 'captured';
  return [
    {
      hop: 'grouped',
      // A remote's group may be seen only after its notification.
      at:
        grouped && firing !== null && grouped.at <= (told?.at ?? grouped.at)
          ? Math.max(grouped.at, firing)
          : null,
      settings: reading(facts),
      detail: joined ? 'its group was open already' : undefined,
    },
    {
      hop: 'notified',
      at: notified,
      ...(waitMs === undefined ? {} : { settings: [{ name: setting, ms: waitMs }] }),
    },
    { hop: way, at: told?.at ?? null, settings: [], detail: told && toldWords(told, route) },
  ];
}

function toldWords({ receiver }: Told, route: PlannedRule['routes'][number] | undefined): string {
  const again = route?.receiver === receiver ? route.repeatIntervalMs : undefined;
  return again === undefined ? receiver : `${receiver}, again every ${formatDuration(again)}`;
}

function backSteps(about: HopsOf): Step[] {
  const { history, facts, guarded, rules } = about;
  if (history.firing.length === 0) return [];
  const resolved = history.firing.at(-1)!.to;
  const told = firstTold(history, 'resolved', resolved ?? undefined);
  const route = routeTo(rules, told?.receiver ?? firstTold(history, 'firing')?.receiver);
  const recovered = recoveredAt(guarded);
  const keepMs = Math.max(0, ...rules.map((rule) => rule.keepFiringForMs));
  return [
    { hop: 'undone', at: facts.undoneAt },
    ...(recovered === undefined ? [] : [{ hop: 'recovered' as const, at: recovered }]),
    {
      hop: 'resolved',
      at: resolved,
      settings: [...seeing(about), ...(keepMs > 0 ? [{ name: 'keep_firing_for', ms: keepMs }] : [])],
    },
    ...(route && !route.sendResolved
      ? []
      : [
          {
            hop: 'resolved-notified' as const,
            at: told?.at ?? null,
            ...(route ? { settings: [{ name: 'group_interval', ms: route.groupIntervalMs }] } : {}),
            detail: told?.receiver,
          },
        ]),
  ];
}

/** Between a change in the system and the evaluation that sees it. */
function seeing({ facts, rules }: HopsOf): HopSetting[] {
  const { plan } = facts;
  const most = (of: (rule: PlannedRule) => number) => Math.max(0, ...rules.map(of));
  return [
    { name: 'scrape interval', ms: plan?.scrapeIntervalMs ?? 0 },
    { name: 'range', ms: most((rule) => rule.longestRangeMs) },
    { name: 'recording rules', ms: most((rule) => rule.upstreamEvaluationMs ?? 0) },
    { name: 'evaluation interval', ms: most((rule) => rule.evaluationIntervalMs) },
    ...reading(facts),
  ].filter(({ ms }) => ms > 0);
}

/** From the first evaluation that was true to firing. */
function waiting({ facts, rules }: HopsOf): HopSetting[] {
  const ms = Math.max(0, ...rules.map((rule) => forTicksMs(rule.forMs, rule.evaluationIntervalMs)));
  return ms > 0 ? [{ name: 'for', ms }, ...reading(facts)] : [];
}

/** A remote's states are only known when they are read. */
function reading({ plan }: RunFacts): HopSetting[] {
  return plan?.alertSource === 'remote' ? [{ name: 'reading interval', ms: plan.scrapeIntervalMs }] : [];
}

function routeTo(
  rules: readonly PlannedRule[],
  receiver: string | undefined,
): PlannedRule['routes'][number] | undefined {
  const routes = rules.flatMap((rule) => rule.routes);
  return routes.find((route) => route.receiver === receiver) ?? routes[0];
}

function groupOf(history: AlertHistory, told: Told | undefined): AlertHistory['grouped'][number] | undefined {
  return history.grouped.find((event) => !told || event.receiver === told.receiver) ?? history.grouped[0];
}

function firstTold(history: AlertHistory, status: Told['status'], from = 0): Told | undefined {
  return history.told.find((told) => told.status === status && told.at >= from);
}

/** Null while one of them is not back; undefined when none broke. */
function recoveredAt(guarded: readonly ObjectiveFinding[]): number | null | undefined {
  const times = guarded
    .filter((finding) => finding.state === 'broken')
    .map((finding) => finding.verdict.times.recovered);
  if (times.length === 0) return undefined;
  return times.includes(null) ? null : Math.max(...(times as number[]));
}

/** Each latency counts from the last hop before it that happened; the settings of those between count with it. */
function chained(steps: readonly Step[]): AlertHop[] {
  let before: { readonly hop: HopName; readonly at: number } | undefined;
  let carried: HopSetting[] = [];
  let bounded = true;
  return steps.map(({ hop, at, settings, detail }) => {
    bounded = bounded && (settings !== undefined || at === null);
    const all = [...carried, ...(settings ?? [])];
    const boundMs = settings && bounded ? all.reduce((sum, { ms }) => sum + ms, 0) : null;
    const tookMs = at !== null && before ? at - before.at : null;
    const result: AlertHop = {
      hop,
      at,
      after: tookMs === null ? null : before!.hop,
      tookMs,
      boundMs,
      settings: settings ? all : [],
      over: boundMs !== null && tookMs !== null && tookMs > boundMs + wayMs,
      detail: detail ?? null,
    };
    if (at === null) carried = all;
    else {
      before = { hop, at };
      carried = [];
      bounded = true;
    }
    return result;
  });
}

/** The setting that a shorter way would gain the most from; undefined where nothing is known to wait for. */
export function shorten(
  hops: readonly AlertHop[],
): { readonly setting: string; readonly text: string } | null {
  const back = hops.findIndex(({ hop }) => hop === 'undone');
  const there = back < 0 ? hops : hops.slice(0, back);
  const own = new Map<string, number>();
  // A setting that was carried over a hop that is unknown stands in two; it counts once.
  for (const { name, ms } of there.flatMap(({ settings }) => settings)) own.set(name, ms);
  own.delete('reading interval');
  const total = [...own.values()].reduce((sum, ms) => sum + ms, 0);
  if (total === 0) return null;
  const [setting, ms] = [...own].reduce((most, one) => (one[1] > most[1] ? one : most));
  const share = `${humanDuration(ms)} of the ${humanDuration(total)} that its settings allow from the breach to the pager`;
  return { setting, text: `Shorten ${settingWords(setting, ms)} first: it is ${share}.` };
}

function settingWords(setting: string, ms: number): string {
  if (setting === 'range') return `the range [${formatDuration(ms)}] of its expression`;
  if (setting === 'recording rules') return `the evaluation interval of the recording rules that it reads`;
  return setting.includes(' ')
    ? `the ${setting} of ${formatDuration(ms)}`
    : `"${setting}: ${formatDuration(ms)}"`;
}
