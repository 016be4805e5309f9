// The experiment as the rest of the house sees it: every default filled in, every duration in milliseconds, every
// reference to a file resolved to its absolute path. file/ reads it from YAML; plan/ and run/ work on it.

import type { CaptureSpec } from '../alertmanager/capture-spec.ts';
import type { LabelRecord } from '../base/labels.ts';
import type { Selector } from '../faults/chaos-mesh/selector.ts';
import type {
  ContainerTarget,
  HostTarget,
  ProcessTarget,
  ProxyTarget,
} from '../faults/targets/declaration.ts';
import type { FeatureName } from '../promql/features.ts';
import type { Budgeting, Sli } from '../slo/objective.ts';
import type { Target } from '../slo/target.ts';
import type { TimeWindow } from '../slo/time-window.ts';
import type { HttpClientSpec } from '../telemetry/http-client-spec.ts';
import type { RemoteSpec, ScrapeSpec } from '../telemetry/metrics/scrape-spec.ts';
import type { HypothesisStrategy } from './chaos-toolkit/model.ts';
import type { WorkflowSpec } from './workflow/model.ts';

export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** Absolute path of the file that it came from, and the folder that relative paths are relative to. */
  readonly file: string;
  readonly folder: string;
  readonly targets: readonly TargetSpec[];
  readonly traffic: readonly TrafficSpec[];
  readonly telemetry: TelemetrySpec;
  readonly faults: readonly FaultSpec[];
  /** Say when those faults come that name one of them; absent when there is none. */
  readonly workflows?: readonly WorkflowSpec[];
  /** What the judge must know of a Chaos Toolkit experiment; absent in every other. */
  readonly chaosToolkit?: ChaosToolkitSpec;
  readonly phases: PhaseSpec;
  /** Absent in runs of earlier versions, which warmed nothing. */
  readonly history?: HistorySpec;
  readonly objectives: readonly ObjectiveSpec[];
  readonly alerts: readonly AlertSpec[];
  readonly collateral: CollateralSpec;
  readonly stopConditions: readonly StopConditionSpec[];
  readonly limits: {
    readonly runTimeMs: number /** Share of two or more selected targets that may be hit, (0, 1]. */;
    readonly share: number;
  };
  readonly trials: number;
  /** Of the trials so many must pass; all when absent. */
  readonly minPass?: number;
  /** Seeds every random choice of the run. */
  readonly seed: number;
  /** Values that must never be written anywhere: from the environment and from secret fields. */
  readonly secrets: readonly string[];
  /** The YAML text with `--set` applied and secrets replaced by `<redacted>`: what experiment.yaml holds. */
  readonly resolvedText: string;
}

export interface TargetSpec {
  readonly name: string;
  readonly namespace: string;
  readonly labels: LabelRecord;
  /** Every selector chooses it: a target that stands for the pods of a Chaos Mesh file. */
  readonly anySelector?: true;
  readonly kind: ProcessTarget | ProxyTarget | ContainerTarget | HostTarget;
}

export type TrafficSpec =
  | {
      readonly name: string;
      readonly type: 'http';
      readonly url: string;
      readonly method: string;
      readonly headers: LabelRecord;
      readonly body: string | undefined;
      readonly timeoutMs: number;
      /** Requests per second, open loop. */
      readonly ratePerSecond: number;
    }
  | { readonly name: string; readonly type: 'command'; readonly command: readonly string[] };

export interface TelemetrySpec {
  readonly scrape: readonly ScrapeSpec[];
  readonly prometheus: RemoteSpec | undefined;
  /** Absolute paths of rule files. */
  readonly rules: readonly string[];
  readonly alertmanager:
    | { readonly file: string }
    | { readonly url: string; readonly http: HttpClientSpec }
    | undefined;
  readonly capture: CaptureSpec;
  /** Evaluation interval of rule groups that name none. */
  readonly evaluationIntervalMs: number;
  readonly externalLabels: LabelRecord;
  /** What of PromQL is behind feature flags and on: for objectives, stop conditions, effects and rule files. */
  readonly features: readonly FeatureName[];
}

export interface FaultSpec {
  /** Unique within the experiment; default: kind in kebab case, with a number from the second on. */
  readonly name: string;
  readonly kind: FaultKindName;
  /** Names of the targets that the fault was resolved to, by `on` or by the selector. */
  readonly targets: readonly string[];
  readonly mode: 'one' | 'all' | 'fixed' | 'fixed-percent' | 'random-max-percent';
  readonly value: string | undefined;
  /** Undefined for a one-shot fault. */
  readonly durationMs: number | undefined;
  readonly oneShot: boolean;
  /** The kind's own fields, as the kind's schema in faults/ gives them: checked, with defaults, in its own units. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly effect: { readonly min: number; readonly promql: string | undefined };
  /** Name of the Schedule or Workflow that puts it in place, any number of times; absent: once, at the begin. */
  readonly workflow?: string;
  /** What chose the targets: containers among them have labels that only the plan knows. Absent with `on`. */
  readonly selector?: Selector;
}

export type FaultKindName =
  | 'DNSChaos'
  | 'PodChaos'
  | 'StressChaos'
  | 'NetworkChaos'
  | 'HTTPChaos'
  | 'ContainerChaos'
  | 'IOChaos'
  | 'TimeChaos'
  | 'BlockChaos'
  | 'ProcessChaos';

export interface ChaosToolkitSpec {
  readonly hypothesisStrategy: HypothesisStrategy;
  /** Of the hypothesis, in their order; `text` says what is asked and what is tolerated. None when it is skipped. */
  readonly probes: readonly { readonly name: string; readonly text: string }[];
  /** Of the method, each name once; `on` is what it acts with or upon. */
  readonly actions: readonly { readonly name: string; readonly provider: string; readonly on: string }[];
}

/** 'auto': long enough for every deadline; the plan computes it. */
export interface PhaseSpec {
  readonly baseline: number | 'auto';
  readonly recovery: number | 'auto';
}

/** What long windows are given behind the baseline, on an embedded source. */
export interface HistorySpec {
  readonly isOn: boolean;
  /** Null: as long as the windows are. */
  readonly lengthMsMax: number | null;
  readonly samplesMax: number;
  /** Real samples, by an absolute path or from a Prometheus; null without. */
  readonly from: { readonly path: string } | { readonly url: string; readonly http: HttpClientSpec } | null;
}

export interface ObjectiveSpec {
  readonly name: string;
  /** A PromQL expression whose top operator is a comparison; of an SLO, its SLI over a short window and the target. */
  readonly promql: string;
  /** Where it is an SLO of a file: broken while its SLI over the fault so far is below the target. */
  readonly slo?: SloSpec;
  readonly expect: 'held' | 'breached';
  /** A breach that lasts less is a blip. Undefined: two scrape intervals. */
  readonly breachForMs: number | undefined;
  readonly recovers: { readonly withinMs: number; readonly stableMs: number };
  /** Distance of the evaluation steps. Undefined: the shortest scrape interval. */
  readonly stepMs: number | undefined;
  readonly minEvents: number | undefined;
}

export interface SloSpec {
  /** As the experiment names it: `file.yaml#name`. */
  readonly reference: string;
  readonly sli: Sli;
  readonly target: Target;
  readonly budgeting: Budgeting;
  readonly window: TimeWindow;
  /** Distance of the samples that make up a query without a range. */
  readonly sampleMs: number;
}

export interface AlertSpec {
  readonly name: string;
  readonly labels: LabelRecord;
  readonly guards: readonly string[];
  readonly expect: 'follows' | 'rings' | 'quiet' | 'any';
  /** From the breach (`rings`: from the injection). */
  readonly firesWithinMs: number | undefined;
  readonly notifies:
    | { readonly withinMs: number | undefined; readonly receivers: readonly string[] }
    | undefined;
  /** From the undo. */
  readonly resolvesWithinMs: number | undefined;
  readonly coveredBy: readonly string[];
  /** Firing episodes beyond the first that are tolerated with a warning; 0 makes flapping wrong. */
  readonly flaps: number | undefined;
}

export interface CollateralSpec {
  readonly verdict: 'warn' | 'fail' | 'ignore';
  readonly failOn: LabelRecord | undefined;
  readonly scope: LabelRecord | undefined;
  readonly allow: readonly string[];
}

export interface StopConditionSpec {
  readonly promql: string;
  /** Undefined: two scrape intervals. */
  readonly blindForMs: number | undefined;
}
