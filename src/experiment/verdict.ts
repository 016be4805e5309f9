// The verdict: what verdict.json holds and what every report reads.

import type { LabelRecord } from '../base/labels.ts';

export type Half = 'pass' | 'fail' | 'inconclusive';
export type RunVerdict = Half | 'stopped' | 'error';

/** How an item counts: right and note never hurt, warn is shown, wrong fails, inconclusive proves nothing. */
export type Judgement = 'right' | 'wrong' | 'inconclusive' | 'warn' | 'note';

export type ObjectiveVerdictName =
  | 'held'
  | 'breached'
  | 'too-weak'
  | 'not-recovered'
  | 'no-data'
  | 'noisy'
  | 'cut-short'
  | 'not-steady'
  | 'traffic-changed';

export type AlertVerdictName =
  | 'rang'
  | 'early'
  | 'quiet'
  | 'excused'
  | 'covered'
  | 'would-ring'
  | 'missed'
  | 'late'
  | 'false-alarm'
  | 'misrouted'
  | 'suppressed'
  | 'undelivered'
  | 'unresolved'
  | 'let-go'
  | 'flapping'
  | 'silenced'
  | 'muted'
  | 'already-firing'
  | 'unproven'
  | 'underpowered'
  | 'history-sensitive'
  | 'history-needed'
  | 'cut-short'
  | 'reported'
  | 'not-steady'
  | 'no-data'
  | 'noisy';

export type FaultVerdictName = 'effective' | 'unexercised' | 'no-effect' | 'unverified' | 'not-injected';

/** Facts behind a verdict, in the order in which a reader wants them. */
export interface Evidence {
  readonly label: string;
  readonly value: string;
  /** Unix milliseconds, when the fact has a time. */
  readonly at?: number;
}

export interface Verdict {
  readonly schemaVersion: 1;
  readonly run: string;
  readonly name: string;
  readonly title: string;
  /** One plain sentence for the whole run. */
  readonly sentence: string;
  readonly verdict: RunVerdict;
  /** Null where the experiment has no objectives (alerts). */
  readonly resilience: Half | null;
  readonly detection: Half | null;
  /** Why a run is stopped, error, or inconclusive as a whole: `not-steady`, `disturbed`, ... */
  readonly reason: string | null;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Unix milliseconds of what bounds the phases, null where it did not happen. */
  readonly times: {
    readonly baseline: number | null;
    readonly injected: number | null;
    readonly undone: number | null;
    readonly ended: number;
  };
  readonly objectives: readonly ObjectiveVerdict[];
  readonly alerts: readonly AlertVerdict[];
  readonly faults: readonly FaultVerdict[];
  readonly collateral: readonly CollateralAlert[];
  /** Of objectives that leave a budget; absent where there are none. */
  readonly costs?: readonly ObjectiveCost[];
  readonly warnings: readonly string[];
  /** What a fault that could not be undone left behind, and where; empty when everything is undone. */
  readonly notUndone: readonly string[];
  /** Absolute paths; null before they are written. */
  readonly report: string | null;
  readonly runFolder: string | null;
  /** Of a drill of several trials: all of them, in the order in which they were run; absent in a single run. */
  readonly trials?: readonly TrialVerdict[];
}

export interface TrialVerdict {
  /** From 1; a repetition has the number of what it repeats. */
  readonly trial: number;
  /** False for a trial that was repeated because it was inconclusive. */
  readonly isCounted: boolean;
  readonly run: string;
  readonly verdict: RunVerdict;
  readonly resilience: Half | null;
  readonly detection: Half | null;
  readonly reason: string | null;
  readonly sentence: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly report: string | null;
  readonly runFolder: string | null;
}

interface Judged<V extends string> {
  readonly name: string;
  readonly verdict: V;
  readonly judgement: Judgement;
  /** One plain sentence. */
  readonly reason: string;
  readonly evidence: readonly Evidence[];
}

export interface ObjectiveVerdict extends Judged<ObjectiveVerdictName> {
  readonly expect: 'held' | 'breached';
  readonly promql: string;
  /** What the left and right side of the comparison are, for the chart: threshold undefined when it is no constant. */
  readonly comparison: {
    readonly expr: string;
    readonly operator: string;
    readonly threshold: number | null;
  };
  readonly times: { readonly breached: number | null; readonly recovered: number | null };
  /** Alerts that guard it, notify and did what they owe; null when it was not broken or nothing guards it. */
  readonly detectedBy: readonly string[] | null;
}

/** In the order in which they happen; `captured` or `delivered`, whichever was done with the notification. */
export type HopName =
  | 'injected'
  | 'breached'
  | 'pending'
  | 'firing'
  | 'grouped'
  | 'notified'
  | 'captured'
  | 'delivered'
  | 'undone'
  | 'recovered'
  | 'resolved'
  | 'resolved-notified';

/** One part of a bound: `for`, `group_wait`, `scrape interval` … and its milliseconds. */
export interface HopSetting {
  readonly name: string;
  readonly ms: number;
}

export interface AlertHop {
  readonly hop: HopName;
  /** Unix milliseconds; null where it did not happen or nobody saw it. */
  readonly at: number | null;
  /** The hop before it that its latency counts from. */
  readonly after: HopName | null;
  readonly tookMs: number | null;
  /** What the settings allow at worst; null where no setting bounds it. */
  readonly boundMs: number | null;
  readonly settings: readonly HopSetting[];
  /** It took longer than its settings explain. */
  readonly over: boolean;
  /** Who was told, or what the group was. */
  readonly detail: string | null;
}

export interface AlertVerdict extends Judged<AlertVerdictName> {
  readonly labels: LabelRecord;
  readonly expect: 'follows' | 'rings' | 'quiet' | 'any';
  readonly guards: readonly string[];
  /** Receivers that were really told. */
  readonly receivers: readonly string[];
  /** Unix milliseconds of each hop, null where it did not happen. */
  readonly times: {
    readonly breached: number | null;
    readonly pending: number | null;
    readonly firing: number | null;
    readonly captured: number | null;
    readonly resolved: number | null;
    readonly resolvedCaptured: number | null;
  };
  /** From the rule's own settings: worst-case milliseconds from the breach; null without a rule. */
  readonly predicted: {
    readonly firingMs: number;
    readonly notifiedMs: number;
    /** What the fault, held on, would have come to; absent where it was seen, or cannot be said. */
    readonly projection?: AlertProjection;
  } | null;
  /** The way to the pager and back, hop by hop; empty when nothing was injected. */
  readonly hops: readonly AlertHop[];
  /** The setting that would shorten the way to the pager the most, and the advice as a sentence. */
  readonly shorten: { readonly setting: string; readonly text: string } | null;
  /** What a projected verdict assumes; null when it was observed. */
  readonly projected: string | null;
  /** Warnings and notes beside the verdict: flapping, lucky, missing runbook. */
  readonly notes: readonly {
    readonly kind: 'flapping' | 'lucky' | 'missing-runbook' | 'missing-summary';
    readonly text: string;
  }[];
}

/** What the drill would cost of a budget of 30 days, and the outages that its alerts page for. */
export interface ObjectiveCost {
  readonly objective: string;
  /** The share that may fail, in (0, 1). */
  readonly errorBudget: number;
  /** From the injection to the recovery. */
  readonly lengthMs: number;
  /** Of that time, at even traffic. */
  readonly badMs: number;
  /** Null where nothing counts events. */
  readonly badEvents: number | null;
  readonly events: number | null;
  /** Of 30 days at the traffic that the baseline had; more than 1 is possible. */
  readonly budgetShare: number;
  /** A total outage of this length spends it all. */
  readonly wholeOutageMs: number;
  /** The shortest total outage that fires an alert that guards it; null where none does. */
  readonly pagesAfter: { readonly alert: string; readonly ms: number } | null;
  /** The longest that may fire none, with every tick at its worst moment; null where that has no end. */
  readonly unpagedMs: number | null;
}

/** Projected, not observed. Times are Unix milliseconds, null where they do not come before `lookedUntil`. */
export interface AlertProjection {
  /** What is held on: the level of the fault's second half. */
  readonly assumption: string;
  readonly heldFrom: number;
  readonly lookedUntil: number;
  readonly firesAt: number | null;
  /** When the last of the listed receivers would be told; null also where the entry lists none. */
  readonly notifiesAt: number | null;
  readonly budgets: readonly {
    readonly objective: string;
    /** What the budget is for: `30d`. */
    readonly window: string;
    /** Share of it that is spent when the alert notifies, or fires. */
    readonly spent: number | null;
    readonly exhaustedAt: number;
  }[];
  /** Where trends stop: `process_open_fds at process_max_fds (1024)`. */
  readonly limits: readonly string[];
}

export interface FaultVerdict extends Judged<FaultVerdictName> {
  readonly kind: string;
  readonly driver: string | null;
  readonly targets: readonly string[];
  readonly hits: number | null;
}

export interface CollateralAlert {
  readonly name: string;
  readonly labels: LabelRecord;
  readonly judgement: 'wrong' | 'warn' | 'note';
  readonly reason: string;
  readonly firingAt: number;
}
