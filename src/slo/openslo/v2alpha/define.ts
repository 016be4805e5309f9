// From the checked fields of v2alpha's SLI and SLO to definitions; its alerts are those of v1.

import type { YamlPath } from '../../../base/yaml.ts';
import type { Located, MetricDefinition, SliDefinition, SloDefinition } from '../definition.ts';
import {
  defineAlertPolicy,
  defineObjective,
  defineReferable,
  defineTargets,
  type Envelope,
  metricOf,
  queryIn,
  referable,
} from '../v1/define.ts';
import type { MetricFieldsV2alpha, SliFieldsV2alpha } from './sli.ts';
import type { SloFieldsV2alpha } from './slo.ts';

export function defineSliV2alpha(envelope: Envelope, spec: SliFieldsV2alpha): SliDefinition {
  const location = { document: envelope.document, path: [...envelope.path, 'spec'] };
  return { ...envelope, metric: metricOf(spec, location, defineMetric) };
}

function defineMetric(
  { dataSourceRef, dataSourceSpec, spec }: MetricFieldsV2alpha,
  { document, path }: Located,
): MetricDefinition {
  return {
    document,
    path,
    type: dataSourceSpec && { name: dataSourceSpec.type, at: [...path, 'dataSourceSpec', 'type'] },
    source: dataSourceRef === undefined ? undefined : { name: dataSourceRef, at: [...path, 'dataSourceRef'] },
    query: queryIn(spec, [...path, 'spec']),
  };
}

export function defineSloV2alpha(envelope: Envelope, spec: SloFieldsV2alpha): SloDefinition {
  const sliAt = (path: YamlPath, fields: Pick<SloFieldsV2alpha, 'sli' | 'sliRef'>) =>
    referable(envelope, path, 'sliRef', fields.sliRef, fields.sli, 'sli', defineSliV2alpha);
  const service = spec.serviceRef ?? spec.service;
  if (service === undefined) throw new Error('the schema let an SLO without a service pass');
  return {
    ...defineTargets(envelope, spec),
    service,
    indicator: sliAt(['spec'], spec),
    isComposite: spec.sli === undefined && spec.sliRef === undefined,
    objectives: spec.objectives.map((fields, index) => {
      const path = ['spec', 'objectives', index];
      return { ...defineObjective(envelope, path, fields), indicator: sliAt(path, fields) };
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
