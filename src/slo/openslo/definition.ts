// What OpenSLO's objects say, in one shape for all versions, with the places where they say it. Each version's kinds
// are turned into these; assembly.ts puts objectives together from them.

import type { YamlDocument, YamlPath } from '../../base/yaml.ts';
import type { Budgeting, ComparisonName, ObjectiveFormat } from '../objective.ts';
import type { TimeWindow } from '../time-window.ts';
import type { Metadata } from './metadata.ts';

export type OpenSloVersion = Extract<ObjectiveFormat, `openslo${string}`>;

/** Where an object, or one that is written inside another, stands: `path` holds its `metadata` and `spec`. */
export interface Located {
  readonly document: YamlDocument;
  readonly path: YamlPath;
}

interface ObjectDefinition extends Located {
  readonly version: OpenSloVersion;
  readonly metadata: Metadata;
}

/** An object written in its place, or the name of one that is defined elsewhere. */
export type Referable<T> =
  | { readonly inline: T }
  | { readonly reference: string; readonly document: YamlDocument; readonly at: YamlPath };

interface DefinitionByKind {
  readonly DataSource: DataSourceDefinition;
  readonly Service: ObjectDefinition;
  readonly SLI: SliDefinition;
  readonly SLO: SloDefinition;
  readonly AlertPolicy: AlertPolicyDefinition;
  readonly AlertCondition: AlertConditionDefinition;
  readonly AlertNotificationTarget: NotificationTargetDefinition;
}

export type Kind = keyof DefinitionByKind;

export type DefinitionOf<K extends Kind> = DefinitionByKind[K];

export type Definition = {
  readonly [K in Kind]: { readonly kind: K; readonly definition: DefinitionOf<K> };
}[Kind];

interface DataSourceDefinition extends ObjectDefinition {
  readonly type: string;
}

export interface SliDefinition extends ObjectDefinition {
  readonly metric:
    | { readonly type: 'threshold'; readonly query: MetricDefinition }
    | {
        readonly type: 'ratio';
        /** Undefined where the file does not say. */
        readonly counter: boolean | undefined;
        readonly side: 'good' | 'bad';
        readonly part: MetricDefinition;
        readonly total: MetricDefinition;
      }
    | { readonly type: 'raw'; readonly rawType: 'success' | 'failure'; readonly query: MetricDefinition };
}

export interface MetricDefinition extends Located {
  /** Of the data source, where the metric names it itself. */
  readonly type: { readonly name: string; readonly at: YamlPath } | undefined;
  readonly source: { readonly name: string; readonly at: YamlPath } | undefined;
  /** Undefined where no key holds one that we know. */
  readonly query: { readonly value: unknown; readonly at: YamlPath } | undefined;
}

export interface SloDefinition extends ObjectDefinition {
  readonly description: string | undefined;
  readonly service: string;
  readonly window: TimeWindow | undefined;
  /** Its objectives are the parts of one budget, each with an indicator of its own. */
  readonly isComposite: boolean;
  /** Of all objectives that have none of their own. */
  readonly indicator: Referable<SliDefinition> | undefined;
  readonly method: Budgeting['method'];
  readonly objectives: readonly ObjectiveDefinition[];
  readonly alertPolicies: readonly Referable<AlertPolicyDefinition>[];
}

export interface ObjectiveDefinition {
  readonly at: YamlPath;
  readonly displayName: string | undefined;
  readonly op: ComparisonName | undefined;
  readonly value: number | undefined;
  readonly target: { readonly unit: 'ratio' | 'percent'; readonly value: number; readonly at: YamlPath };
  readonly timeSliceTarget: number | undefined;
  /** Milliseconds. */
  readonly timeSliceWindowMs: number | undefined;
  /** Of this objective alone. */
  readonly indicator: Referable<SliDefinition> | undefined;
  readonly weight: number | undefined;
}

export interface AlertPolicyDefinition extends ObjectDefinition {
  readonly description: string | undefined;
  readonly alertWhenNoData: boolean;
  readonly alertWhenResolved: boolean;
  readonly alertWhenBreaching: boolean;
  readonly conditions: readonly Referable<AlertConditionDefinition>[];
  readonly notificationTargets: readonly Referable<NotificationTargetDefinition>[];
}

export interface AlertConditionDefinition extends ObjectDefinition {
  readonly description: string | undefined;
  readonly severity: string;
  readonly op: ComparisonName;
  readonly threshold: number;
  readonly lookbackMs: number;
  readonly alertAfterMs: number;
}

export interface NotificationTargetDefinition extends ObjectDefinition {
  readonly description: string | undefined;
  readonly target: string;
}
