// A service level objective as the rest of the house sees it, whichever format it was written in. Readers fill it
// (openslo/, sloth/, pyrra/, keptn/); rules, budgets, gates and experiments read it and know no format.
//
// What a format leaves out stays out (`undefined`), and what it says is kept as it was written beside its value: the
// texts of targets, windows and thresholds come back in generated rules.

import type { Place } from '../base/diagnostics.ts';
import type { LabelRecord } from '../base/labels.ts';
import type { Target } from './target.ts';
import type { TimeWindow } from './time-window.ts';

/** One target for one service level indicator over one window; or, composite, one budget that several of them share. */
export type Objective = SimpleObjective | CompositeObjective;

export interface SimpleObjective extends ObjectiveBase, ObjectivePart {
  readonly kind: 'simple';
}

/** Its budget burns when that of any part burns (OpenSLO, "Notes (Composite SLO)"); all parts have one budgeting method. */
export interface CompositeObjective extends ObjectiveBase {
  readonly kind: 'composite';
  readonly parts: readonly CompositePart[];
}

export interface CompositePart extends ObjectivePart {
  /** Multiplies what the part burns; above 0, 1 where the file says nothing. */
  readonly weight: number;
  readonly displayName: string | undefined;
}

interface ObjectiveBase {
  /**
   * Unique in what was read together: the SLO's name, and from an SLO with several targets `name-0`, `name-1`, ... in
   * the file's order. What `file.yaml#ID` names.
   */
  readonly id: string;
  /** The SLO's own name. */
  readonly name: string;
  /** Which target of its SLO this is, from 0; 0 also for the only one. */
  readonly index: number;
  /** The objective's own display name where its SLO has several targets, else the SLO's. */
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  readonly service: string;
  readonly labels: MetadataLabels;
  readonly annotations: Readonly<Record<string, string>>;
  readonly window: TimeWindow;
  /** OpenSLO's; the alerts of Sloth and Pyrra follow from their settings. */
  readonly alertPolicies: readonly AlertPolicy[];
  /** What only the rules of that generator need; present when the file is of its format. */
  readonly sloth?: SlothSettings;
  readonly pyrra?: PyrraSettings;
  readonly origin: Origin;
}

/** What a budget is counted from. */
export interface ObjectivePart {
  readonly sli: Sli;
  readonly target: Target;
  readonly budgeting: Budgeting;
}

/** Labels of metadata; OpenSLO's values may be lists. */
export type MetadataLabels = Readonly<Record<string, string | readonly string[]>>;

export type ObjectiveFormat =
  | 'openslo/v1'
  | 'openslo/v1alpha'
  | 'openslo.com/v2alpha'
  | 'sloth'
  | 'sloth-kubernetes'
  | 'pyrra';

/** Where it was read, for messages about it. */
interface Origin {
  readonly format: ObjectiveFormat;
  readonly file: string;
  /** The SLO's name in the file. */
  readonly place: Place;
}

/**
 * How the share of what was good is measured. `sli-over.ts` turns it into PromQL over any window.
 *
 * Latency objectives are ratios: the bucket of the limit is `good`, the count is `total`.
 */
export type Sli = RatioSli | RawSli | ThresholdSli;

/** good / total, or (total - bad) / total. Exactly one of `good` and `bad` is present. */
export type RatioSli = {
  readonly type: 'ratio';
  readonly total: Query;
  /** Labels by which the objective holds for each value on its own (Pyrra's `grouping`); mostly none. */
  readonly grouping: readonly string[];
} & ({ readonly good: Query; readonly bad?: undefined } | { readonly bad: Query; readonly good?: undefined });

/** A ratio that the query itself computes, in [0, 1]: of successes, or of failures. */
export interface RawSli {
  readonly type: 'raw';
  readonly query: Query;
  readonly rawType: 'success' | 'failure';
}

/** Each sample is one event: good when `query OP value` is true. */
export interface ThresholdSli {
  readonly type: 'threshold';
  readonly query: Query;
  readonly op: ComparisonName;
  readonly value: number;
}

export type ComparisonName = 'lte' | 'gte' | 'lt' | 'gt';

/** One query of an SLI, which parses once its placeholders are filled in. */
export interface Query {
  /** As the file has it, with placeholders. */
  readonly promql: string;
  readonly form: QueryForm;
  readonly source: QuerySource | undefined;
  /** The query in its file. */
  readonly place: Place;
}

/**
 * How a query comes to speak of a window:
 * - `placeholder`: its ranges are written `{{.window}}` (Sloth's; blanks inside the braces are allowed);
 * - `counter`: selectors of counters without ranges, such as `x_total` or `sum(x_total)`;
 * - `value`: anything else. Each evaluation is one sample: a number of events in a ratio, a ratio in a raw SLI.
 */
export type QueryForm = 'placeholder' | 'counter' | 'value';

/** The data source that a file names for a query; told to people, and never connected to by itself. */
interface QuerySource {
  readonly name: string | undefined;
  /** As written: `Prometheus`, `thanos`, ... */
  readonly type: string;
}

/** How bad events, or bad stretches of time, use the budget up. */
export type Budgeting =
  | { readonly method: 'Occurrences' }
  | {
      readonly method: 'Timeslices';
      readonly sliceMs: number;
      /** A slice is good when its own ratio is at least this, in (0, 1]. */
      readonly sliceTarget: number;
    }
  | { readonly method: 'RatioTimeslices'; readonly sliceMs: number };

/** OpenSLO's AlertPolicy with everything that it refers to in its place. */
export interface AlertPolicy extends Described {
  readonly alertWhenNoData: boolean;
  readonly alertWhenResolved: boolean;
  readonly alertWhenBreaching: boolean;
  /** Exactly one in OpenSLO v1. */
  readonly conditions: readonly AlertCondition[];
  readonly notificationTargets: readonly NotificationTarget[];
}

/** True when the burn rate over `lookbackMs` compares with `threshold`, for as long as `alertAfterMs`. */
export interface AlertCondition extends Described {
  /** Free text: `page`, `ticket`, ... */
  readonly severity: string;
  readonly op: ComparisonName;
  readonly threshold: number;
  readonly lookbackMs: number;
  readonly alertAfterMs: number;
}

export interface NotificationTarget extends Described {
  /** Free text: `email`, `pagerduty`, ... */
  readonly target: string;
}

interface Described {
  readonly name: string;
  readonly displayName: string | undefined;
  readonly description: string | undefined;
  readonly labels: MetadataLabels;
  readonly annotations: Readonly<Record<string, string>>;
  /** Its name where it is defined: in another file when it was referred to. */
  readonly place: Place;
}

/** What a Sloth file says about its alerts and rules, beside the objective. */
export interface SlothSettings {
  readonly alerting: {
    /** Name of both alerts; undefined where the file has none. */
    readonly name: string | undefined;
    readonly labels: LabelRecord;
    readonly annotations: LabelRecord;
    readonly page: SlothAlert;
    readonly ticket: SlothAlert;
  };
  /** The Kubernetes object that it was read from: its rules become one too. */
  readonly object:
    | {
        readonly name: string;
        readonly namespace: string | undefined;
        readonly labels: LabelRecord;
        readonly annotations: LabelRecord;
      }
    | undefined;
}

interface SlothAlert {
  readonly disabled: boolean;
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
}

/** What a Pyrra object says about its alerts and rules, beside the objective; Pyrra's defaults are filled in. */
export interface PyrraSettings {
  readonly indicator: 'ratio' | 'latency' | 'latencyNative' | 'bool_gauge';
  /** Of `latencyNative`: the limit, in milliseconds. */
  readonly latencyMs: number | undefined;
  /** The selector that each rule is about: `total` of a ratio or a latency, `metric` of a gauge. */
  readonly metric: string;
  /** Of `ratio`: the selector of errors; of `latency`: that of successes, with its `le`. */
  readonly part: string | undefined;
  /** Labels by which the objective holds for each value on its own. */
  readonly grouping: readonly string[];
  readonly alerting: {
    readonly burnrates: boolean;
    readonly absent: boolean;
    readonly name: string;
    readonly absentName: string;
    readonly severities: {
      readonly absent: string;
      readonly fastBurn: string;
      readonly mediumBurn: string;
      readonly slowBurn: string;
      readonly longTermBurn: string;
    };
  };
  readonly performanceOverAccuracy: boolean;
  readonly ruleOutput: {
    readonly shortRulesLabels: LabelRecord;
    readonly longRulesLabels: LabelRecord;
    readonly enableDescriptionAsLabel: boolean;
  };
  readonly partialResponseStrategy: string | undefined;
  readonly namespace: string | undefined;
  /** Of metadata, with the prefix `pyrra.dev/` taken off: copied to rules. */
  readonly propagatedLabels: LabelRecord;
  readonly propagatedAnnotations: LabelRecord;
}
