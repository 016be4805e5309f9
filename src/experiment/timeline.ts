// Everything that happens in a run is one timestamped event on an append-only list, written to timeline.jsonl.
// The judge and the reports read events; nothing else tells them what happened.

import type { LabelRecord } from '../base/labels.ts';
import type { MatchOperator } from '../base/matcher.ts';
import type { NodeState } from './workflow/engine.ts';

/** Where in a Chaos Toolkit experiment an activity stands. */
export type ActivityPart = 'configuration' | 'hypothesis' | 'method' | 'rollbacks';

export type PhaseName = 'start' | 'baseline' | 'fault' | 'recovery';

/** What identifies one alert of one rule: name, labels of the instance (alertname included), and where the rule stands. */
export interface AlertRef {
  readonly alert: string;
  readonly labels: LabelRecord;
  readonly rule: { readonly group: string; readonly file: string };
}

interface EventBodies {
  'run.started': {
    run: string;
    experiment: string;
    seed: number;
    firedrill: string;
    node: string;
    trial: number;
  };
  /** Facts that the judge needs and that are known only when everything is resolved. */
  'run.planned': { plan: JudgedPlan };
  'phase.started': { phase: PhaseName; plannedMs: number };
  'target.started': { target: string; pid: number };
  'target.ready': { target: string; afterMs: number };
  'target.exited': {
    target: string;
    pid: number;
    code: number | null;
    signal: string | null /** Caused by our own fault or end. */;
    expected: boolean;
  };
  'target.replaced': {
    target: string;
    oldPid: number;
    newPid: number /** By our own supervisor, as the file allows. */;
    expected: boolean;
  };
  /** Long windows were given a history, before the gate: what it is made of, so that it can be made again. */
  'history.warmed': WarmedWindows;
  'steady.held': object;
  'steady.failed': { reasons: string[] };
  'fault.injecting': {
    fault: string;
    kind: string;
    driver: string;
    targets: string[];
    lease: string;
    /** What a hit is, in the plural: `look-ups refused`. */
    hitsAre?: string;
  };
  'fault.injected': { fault: string; lease: string };
  'fault.failed': { fault: string; reason: string };
  /** `hits` is undefined when the driver cannot count. Written at most once a second and at the undo. */
  'fault.hits': { fault: string; hits: number | undefined };
  'fault.undoing': { fault: string; why: 'duration' | 'stopped' | 'error' };
  'fault.undone': {
    fault: string;
    hits: number | undefined /** What showed that it is gone. */;
    verified: string;
  };
  /** One-shot faults have nothing to undo. */
  'fault.spent': { fault: string; hits: number | undefined };
  'fault.no-effect': { fault: string; reason: string };
  /** A node of a Workflow or a Schedule; `state` as in workflow/engine.ts. */
  'workflow.node': { workflow: string; node: string; nodeType: string; state: NodeState; detail?: string };
  /** A probe or an action of a Chaos Toolkit experiment begins. */
  'activity.started': { activity: string; activityType: 'probe' | 'action'; part: ActivityPart };
  /** `detail` says what came of it; `isDoubtful`: it was played, and its own answer says that it did not work. */
  'activity.ended': {
    activity: string;
    activityType: 'probe' | 'action';
    part: ActivityPart;
    status: 'succeeded' | 'failed';
    detail: string;
    isDoubtful: boolean;
  };
  /** The hypothesis was asked; a probe that is out of its tolerance ends the asking. */
  'hypothesis.checked': {
    when: 'before' | 'during' | 'after';
    met: boolean;
    probes: readonly { readonly name: string; readonly met: boolean; readonly reason: string }[];
  };
  'fault.stuck': { fault: string; lease: string; left: string[] };
  /** The live view's reading of an objective; the judge evaluates the recording by itself. */
  'objective.breached': { objective: string; value: number | null };
  'objective.recovered': { objective: string; value: number | null };
  'alert.pending': AlertRef & { activeAt: number; value: number; annotations: LabelRecord };
  'alert.firing': AlertRef & { activeAt: number; value: number; annotations: LabelRecord };
  'alert.resolved': AlertRef & { value: number | null };
  /** Pending and then gone before `for` was over. */
  'alert.dropped': AlertRef;
  /**
   * A firing alert came into a notification group and waits there; `opens` when it is the group's first. `route` holds
   * the matchers from the root of the tree, `flushAt` when the group is due, null where only the Alertmanager knows.
   */
  'alert.grouped': AlertRef & {
    receiver: string;
    groupKey: string;
    groupLabels: LabelRecord;
    route: readonly string[];
    opens: boolean;
    flushAt: number | null;
  };
  /**
   * Held back by an inhibition, a silence or a time interval; `by` says which, for people. `source` holds the labels
   * of the inhibiting alert.
   */
  'alert.suppressed': AlertRef & {
    reason: 'inhibited' | 'silenced' | 'muted';
    by: string;
    receiver: string;
    source?: LabelRecord;
  };
  /** A group had something to tell one integration: attempts begin now. `reason` in Alertmanager's words. */
  'group.flushed': NotificationEvent & { reason: string };
  'notification.captured': NotificationEvent & { file: string };
  /** Handed to a real receiver that accepted it. */
  'notification.delivered': NotificationEvent;
  'notification.failed': NotificationEvent & { reason: string; attempts: number };
  'rule.failed': { rule: string; group: string; reason: string };
  'source.failed': { source: string; reason: string };
  'source.recovered': { source: string };
  'stop.triggered': { reason: string; by: 'condition' | 'blind' | 'user' | 'limit' };
  disturbance: { what: string };
  warning: { message: string };
  'run.ended': { outcome: 'completed' | 'stopped' | 'not-steady' | 'error'; reason?: string };
}

export interface NotificationEvent {
  readonly receiver: string;
  readonly integration: string;
  readonly groupKey: string;
  readonly groupLabels: LabelRecord;
  readonly status: 'firing' | 'resolved';
  readonly alerts: readonly { readonly status: 'firing' | 'resolved'; readonly labels: LabelRecord }[];
}

/** What windows were warmed with. Times are Unix milliseconds. */
export interface WarmedWindows {
  /** The steady part of the baseline, which the history repeats backwards. */
  readonly steadyFromMs: number;
  readonly steadyToMs: number;
  /** How far before its end the history reaches. */
  readonly reachMs: number;
  readonly series: number;
  readonly samples: number;
  /** Of these series, how many have a real history, and from where it is; none when absent. */
  readonly real?: { readonly from: string; readonly series: number; readonly sinceMs: number };
  /** What has no history, or only a part of it: `30d of http_requests_total`, and why. */
  readonly cold: readonly string[];
  readonly tookMs: number;
}

export type EventType = keyof EventBodies;

export type EventOf<T extends EventType> = { readonly at: number; readonly type: T } & Readonly<
  EventBodies[T]
>;

/** `at` is Unix milliseconds. */
export type TimelineEvent = { [T in EventType]: EventOf<T> }[EventType];

/** What the plan found out about rules and times, for judging and for the report. Milliseconds throughout. */
export interface JudgedPlan {
  /** Shortest scrape interval (or interval of reading the remote): the default step of objectives. */
  readonly scrapeIntervalMs: number;
  readonly source: 'embedded' | 'remote';
  /** Where alert states come from: our rule evaluation, or the remote's rules API. */
  readonly alertSource: 'embedded' | 'remote';
  readonly phases: { readonly baselineMs: number; readonly faultMs: number; readonly recoveryMs: number };
  /** One for each alert of the experiment, matched with the rules that it names. */
  readonly alerts: readonly PlannedAlert[];
  readonly undoDelayMs: number;
  /** Root of the routing tree; absent without an Alertmanager whose configuration is known. */
  readonly routing?: PlannedRoute;
  /** Which alerts hold others back, by the same configuration. */
  readonly inhibitions?: readonly PlannedInhibition[];
  /** Recording rules that the listed alerts read, each after those that it reads itself; absent where there are none. */
  readonly recordings?: readonly PlannedRecording[];
  /** What is to be given a history before the fault; absent when nothing looks back beyond the baseline. */
  readonly history?: PlannedHistory;
}

export interface PlannedRecording {
  readonly name: string;
  readonly expr: string;
  readonly labels: LabelRecord;
  readonly evaluationIntervalMs: number;
}

export interface PlannedHistory {
  readonly windows: readonly PlannedWindow[];
  /** Recording rules whose series some window reads, each after those that it reads itself. */
  readonly recordings: readonly PlannedRecording[];
  /** No history is longer; null for as long as the windows are. */
  readonly lengthMsMax: number | null;
  readonly samplesMax: number;
}

/** One selector that looks back beyond the baseline. */
export interface PlannedWindow {
  /** Printed, without offset and `@`. */
  readonly selector: string;
  readonly kind: 'counter' | 'level' | 'recorded';
  /** The longest range that leads to it, by which people know the window. */
  readonly rangeMs: number;
  /** How far before an evaluation its oldest sample may lie. */
  readonly reachMs: number;
  /** Samples of its history may be so far apart; 0 for as near as those of the run. */
  readonly spacingMs: number;
}

export interface PlannedMatcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
}

export interface PlannedInhibition {
  readonly source: readonly PlannedMatcher[];
  readonly target: readonly PlannedMatcher[];
  readonly equal: readonly string[];
}

/** A route as far as the judge needs it: whom it tells, and which alerts it takes. */
export interface PlannedRoute {
  readonly receiver: string;
  readonly matchers: readonly PlannedMatcher[];
  readonly continue: boolean;
  readonly routes: readonly PlannedRoute[];
}

export interface PlannedAlert {
  readonly name: string;
  readonly labels: LabelRecord;
  readonly rules: readonly PlannedRule[];
}

export interface PlannedRule {
  readonly group: string;
  readonly file: string;
  readonly expr: string;
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly evaluationIntervalMs: number;
  /** Evaluation intervals of the recording rules of other groups that it reads, added up; none when absent. */
  readonly upstreamEvaluationMs?: number;
  /** Every vector selector of the expression, printed, with whether it stands only inside absent(). */
  readonly selectors: readonly { readonly text: string; readonly onlyInAbsent: boolean }[];
  /** Longest range that the expression reads. */
  readonly longestRangeMs: number;
  /** Receivers that the routing tree gives to this rule's static labels, with the path, the wait and the interval. */
  readonly routes: readonly {
    readonly receiver: string;
    readonly path: readonly string[];
    readonly groupWaitMs: number;
    readonly groupIntervalMs: number;
    /** Absent in runs that did not write it down. */
    readonly repeatIntervalMs?: number;
    readonly sendResolved: boolean;
  }[];
  /** Worst-case time from the moment when the condition is true in the system to firing, and on to the notification. */
  readonly worstFiringMs: number;
  readonly worstNotifiedMs: number;
}
