// From the checked fields of v1's kinds to definitions. v2alpha shares those of alerts.

import type { YamlPath } from '../../../base/yaml.ts';
import { calendarWindow, type TimeWindow } from '../../time-window.ts';
import type {
  AlertConditionDefinition,
  AlertPolicyDefinition,
  Located,
  MetricDefinition,
  NotificationTargetDefinition,
  ObjectiveDefinition,
  OpenSloVersion,
  Referable,
  SliDefinition,
  SloDefinition,
} from '../definition.ts';
import { durationOf } from '../duration-shorthand.ts';
import type { Metadata } from '../metadata.ts';
import type { AlertConditionFields } from './alert-condition.ts';
import type { AlertNotificationTargetFields } from './alert-notification-target.ts';
import type { AlertPolicyFields } from './alert-policy.ts';
import type { MetricFields, SliFields } from './sli.ts';
import type { SloFields } from './slo.ts';

/** What every object has beside its spec: which version it is of, where it stands and its metadata. */
export interface Envelope extends Located {
  readonly version: OpenSloVersion;
  readonly metadata: Metadata;
}

export function defineSli(envelope: Envelope, spec: SliFields): SliDefinition {
  return { ...envelope, metric: metricOf(spec, at(envelope, 'spec'), defineMetric) };
}

/** The keys under which a query is known to stand. */
const queryKeys = ['query', 'promql'];

export function queryIn(
  spec: Readonly<Record<string, unknown>>,
  path: YamlPath,
): { readonly value: unknown; readonly at: YamlPath } | undefined {
  const key = queryKeys.find((each) => spec[each] !== undefined);
  return key === undefined ? undefined : { value: spec[key], at: [...path, key] };
}

function defineMetric({ metricSource }: MetricFields, location: Located): MetricDefinition {
  const { metricSourceRef, type, spec } = metricSource;
  const path = [...location.path, 'metricSource'];
  return {
    document: location.document,
    path,
    type: type === undefined ? undefined : { name: type, at: [...path, 'type'] },
    source:
      metricSourceRef === undefined ? undefined : { name: metricSourceRef, at: [...path, 'metricSourceRef'] },
    query: queryIn(spec, [...path, 'spec']),
  };
}

interface AnySliFields<M> {
  readonly thresholdMetric?: M | undefined;
  readonly ratioMetric?:
    | {
        readonly counter?: boolean | undefined;
        readonly good?: M | undefined;
        readonly bad?: M | undefined;
        readonly total?: M | undefined;
        readonly raw?: M | undefined;
        readonly rawType?: 'success' | 'failure' | undefined;
      }
    | undefined;
}

/** `define` is for one metric of the version. */
export function metricOf<M>(
  { thresholdMetric, ratioMetric: ratio = {} }: AnySliFields<M>,
  location: Located,
  define: (metric: M, location: Located) => MetricDefinition,
): SliDefinition['metric'] {
  const inRatio = (key: string): Located => at(at(location, 'ratioMetric'), key);
  if (thresholdMetric !== undefined)
    return { type: 'threshold', query: define(thresholdMetric, at(location, 'thresholdMetric')) };
  if (ratio.raw !== undefined && ratio.rawType !== undefined)
    return { type: 'raw', rawType: ratio.rawType, query: define(ratio.raw, inRatio('raw')) };
  const side = ratio.good === undefined ? 'bad' : 'good';
  const part = ratio[side];
  if (part === undefined || ratio.total === undefined) throw new Error('the schema let half a ratio pass');
  return {
    type: 'ratio',
    counter: ratio.counter,
    side,
    part: define(part, inRatio(side)),
    total: define(ratio.total, inRatio('total')),
  };
}

export function defineSlo(envelope: Envelope, spec: SloFields): SloDefinition {
  const indicatorAt = (path: YamlPath, fields: Pick<SloFields, 'indicator' | 'indicatorRef'>) =>
    referable(envelope, path, 'indicatorRef', fields.indicatorRef, fields.indicator, 'indicator', defineSli);
  return {
    ...defineTargets(envelope, spec),
    service: spec.service,
    indicator: indicatorAt(['spec'], spec),
    isComposite: spec.indicator === undefined && spec.indicatorRef === undefined,
    objectives: spec.objectives.map((fields, index) => {
      const path = ['spec', 'objectives', index];
      return { ...defineObjective(envelope, path, fields), indicator: indicatorAt(path, fields) };
    }),
    alertPolicies: (spec.alertPolicies ?? []).map((fields, index) =>
      defineReferable(
        envelope,
        ['spec', 'alertPolicies', index],
        'alertPolicyRef',
        fields,
        defineAlertPolicy,
      ),
    ),
  };
}

/** What SLOs of v1 and v2alpha say alike. */
export function defineTargets(
  envelope: Envelope,
  spec: Pick<SloFields, 'description' | 'timeWindow' | 'budgetingMethod'>,
) {
  return {
    ...envelope,
    description: spec.description,
    window: windowOf(spec.timeWindow?.[0]),
    method: spec.budgetingMethod,
  };
}

function windowOf(window: NonNullable<SloFields['timeWindow']>[number] | undefined): TimeWindow | undefined {
  if (!window) return undefined;
  const { duration: text, calendar } = window;
  const { count, unit, ms: durationMs } = durationOf(text);
  if (!calendar) return { type: 'rolling', durationMs, text };
  return calendarWindow({ count, unit, durationMs, text }, calendar);
}

export function defineObjective(
  { path }: Located,
  within: YamlPath,
  fields: Omit<SloFields['objectives'][number], 'indicator' | 'indicatorRef'>,
): Omit<ObjectiveDefinition, 'indicator'> {
  const unit = fields.target === undefined ? 'percent' : 'ratio';
  const { timeSliceWindow: slice } = fields;
  return {
    at: [...path, ...within],
    displayName: fields.displayName,
    op: fields.op,
    value: fields.value,
    target: {
      unit,
      value: fields.target ?? fields.targetPercent ?? 0,
      at: [...path, ...within, unit === 'ratio' ? 'target' : 'targetPercent'],
    },
    timeSliceTarget: fields.timeSliceTarget,
    // A number without a unit is in minutes (OpenSLO, "Notes (Objectives)").
    timeSliceWindowMs:
      slice === undefined ? undefined : typeof slice === 'number' ? slice * 60_000 : durationOf(slice).ms,
    weight: fields.compositeWeight,
  };
}

export function defineAlertPolicy(envelope: Envelope, spec: AlertPolicyFields): AlertPolicyDefinition {
  return {
    ...envelope,
    description: spec.description,
    alertWhenNoData: spec.alertWhenNoData ?? false,
    alertWhenResolved: spec.alertWhenResolved ?? false,
    alertWhenBreaching: spec.alertWhenBreaching ?? false,
    conditions: spec.conditions.map((fields, index) =>
      defineReferable(envelope, ['spec', 'conditions', index], 'conditionRef', fields, defineAlertCondition),
    ),
    notificationTargets: spec.notificationTargets.map((fields, index) =>
      defineReferable(
        envelope,
        ['spec', 'notificationTargets', index],
        'targetRef',
        fields,
        defineNotificationTarget,
      ),
    ),
  };
}

export function defineAlertCondition(
  envelope: Envelope,
  { description, severity, condition }: AlertConditionFields,
): AlertConditionDefinition {
  return {
    ...envelope,
    description,
    severity,
    op: condition.op,
    threshold: condition.threshold,
    lookbackMs: durationOf(condition.lookbackWindow).ms,
    alertAfterMs: durationOf(condition.alertAfter ?? '0m').ms,
  };
}

export function defineNotificationTarget(
  envelope: Envelope,
  { description, target }: AlertNotificationTargetFields,
): NotificationTargetDefinition {
  return { ...envelope, description, target };
}

function at({ document, path }: Located, key: string): Located {
  return { document, path: [...path, key] };
}

interface ReferableFields<S> {
  readonly metadata?: Metadata | undefined;
  readonly spec?: S | undefined;
}

/** An entry of a list that holds a reference under `key`, or the object itself. */
export function defineReferable<S, D, K extends string>(
  envelope: Envelope,
  within: YamlPath,
  key: K,
  fields: ReferableFields<S> & { readonly [P in K]?: string | undefined },
  define: (envelope: Envelope, spec: S) => D,
): Referable<D> {
  const found = referable(envelope, within, key, fields[key], fields, undefined, define);
  if (!found) throw new Error(`the schema let an entry without ${key} pass`);
  return found;
}

/** `inlineKey`: where in `within` the object stands; undefined: there itself. */
export function referable<S, D>(
  { document, path, version }: Envelope,
  within: YamlPath,
  key: string,
  reference: string | undefined,
  inline: ReferableFields<S> | undefined,
  inlineKey: string | undefined,
  define: (envelope: Envelope, spec: S) => D,
): Referable<D> | undefined {
  const here = [...path, ...within];
  if (reference !== undefined) return { reference, document, at: [...here, key] };
  if (inline?.metadata === undefined || inline.spec === undefined) return undefined;
  const inlinePath = inlineKey === undefined ? here : [...here, inlineKey];
  return {
    inline: define({ document, path: inlinePath, version, metadata: inline.metadata }, inline.spec),
  };
}
