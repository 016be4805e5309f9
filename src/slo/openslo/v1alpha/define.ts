// From the checked fields of a v1alpha SLO to a definition: each objective's ratio becomes an SLI of its own, which has
// the SLO's metadata because it has none itself.

import type { YamlPath } from '../../../base/yaml.ts';
import { type CalendarUnit, calendarWindow, type TimeWindow } from '../../time-window.ts';
import type {
  MetricDefinition,
  ObjectiveDefinition,
  Referable,
  SliDefinition,
  SloDefinition,
} from '../definition.ts';
import { durationOf } from '../duration-shorthand.ts';
import type { Envelope } from '../v1/define.ts';
import type { SloFieldsV1alpha } from './slo.ts';

type ObjectiveFields = SloFieldsV1alpha['objectives'][number];

export function defineSloV1alpha(envelope: Envelope, spec: SloFieldsV1alpha): SloDefinition {
  const threshold = spec.indicator?.thresholdMetric;
  return {
    ...envelope,
    description: spec.description,
    service: spec.service,
    window: windowOf(spec.timeWindows[0]!),
    method: spec.budgetingMethod,
    isComposite: false,
    indicator:
      threshold &&
      inline(envelope, {
        type: 'threshold',
        query: defineMetric(envelope, threshold, ['spec', 'indicator', 'thresholdMetric']),
      }),
    objectives: spec.objectives.map((fields, index) => defineObjective(envelope, fields, index)),
    alertPolicies: [],
  };
}

function defineObjective(envelope: Envelope, fields: ObjectiveFields, index: number): ObjectiveDefinition {
  const within = ['spec', 'objectives', index];
  const at = [...envelope.path, ...within];
  const ratio = fields.ratioMetrics;
  const metricAt = (side: 'good' | 'total', metric: MetricFields): MetricDefinition =>
    defineMetric(envelope, metric, [...within, 'ratioMetrics', side]);
  return {
    at,
    displayName: fields.displayName,
    op: fields.op,
    value: fields.value,
    target: { unit: 'ratio', value: fields.target, at: [...at, 'target'] },
    timeSliceTarget: fields.timeSliceTarget,
    timeSliceWindowMs: undefined,
    weight: undefined,
    indicator:
      ratio &&
      inline(envelope, {
        type: 'ratio',
        counter: ratio.incremental,
        side: 'good',
        part: metricAt('good', ratio.good),
        total: metricAt('total', ratio.total),
      }),
  };
}

type MetricFields = NonNullable<ObjectiveFields['ratioMetrics']>['good'];

function inline(envelope: Envelope, metric: SliDefinition['metric']): Referable<SliDefinition> {
  return { inline: { ...envelope, metric } };
}

/** `queryType` is the language, whatever `source` names the database (Sloth's files name `sloth`). */
function defineMetric(envelope: Envelope, fields: MetricFields, within: YamlPath): MetricDefinition {
  const path = [...envelope.path, ...within];
  return {
    document: envelope.document,
    path,
    type: { name: fields.queryType, at: [...path, 'queryType'] },
    source: undefined,
    query: { value: fields.query, at: [...path, 'query'] },
  };
}

const units: Readonly<Record<string, { readonly unit: CalendarUnit; readonly letter: string }>> = {
  Second: { unit: 'second', letter: '' },
  Day: { unit: 'day', letter: 'd' },
  Week: { unit: 'week', letter: 'w' },
  Month: { unit: 'month', letter: 'M' },
  Quarter: { unit: 'quarter', letter: 'Q' },
};

function windowOf({ unit: name, count, calendar }: SloFieldsV1alpha['timeWindows'][number]): TimeWindow {
  const { unit, letter } = units[name]!;
  const text = `${count} ${name}`;
  const durationMs = unit === 'second' ? count * 1000 : durationOf(`${count}${letter}`).ms;
  if (!calendar) return { type: 'rolling', durationMs, text };
  return calendarWindow({ count, unit, durationMs, text }, calendar);
}
