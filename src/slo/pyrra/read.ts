// Pyrra's objects as objectives.

import type { LabelRecord } from '../../base/labels.ts';
import { checkYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { parsePrometheusDuration } from '../../rules/prometheus-duration.ts';
import { sourceTextOf } from '../../rules/scalar-text.ts';
import type { PyrraSettings, Query, SimpleObjective, Sli } from '../objective.ts';
import type { ObjectiveReader, ReadObjectives } from '../reader.ts';
import { targetOf } from '../target.ts';
import { type PyrraObject, pyrraObject } from './schema.ts';
import { pyrraWarnings } from './warnings.ts';

export const pyrra: ObjectiveReader = {
  title: 'Pyrra (pyrra.dev/v1alpha1)',
  isOne: (value) => /^pyrra\.dev\//.test(String((value as { apiVersion?: unknown } | null)?.apiVersion)),
  read: (documents) => {
    const read = documents.map(readDocument);
    return {
      objectives: read.flatMap(({ objectives }) => objectives),
      diagnostics: read.flatMap(({ diagnostics }) => diagnostics),
    };
  },
};

function readDocument(document: YamlDocument): ReadObjectives {
  const checked = checkYaml(document, pyrraObject);
  if (!checked.ok) return { objectives: [], diagnostics: checked.diagnostics };
  const object = checked.value;
  const objective = objectiveOf(document, object);
  return { objectives: [objective], diagnostics: pyrraWarnings(document, object, objective) };
}

function objectiveOf(document: YamlDocument, object: PyrraObject): SimpleObjective {
  const { metadata, spec } = object;
  const { name, labels, annotations } = metadata;
  const pyrraSettings = settingsOf(object);
  const target = targetOf(sourceTextOf(document, spec.target, ['spec', 'target']), 'percent');
  if (!target) throw new Error(`the schema let the target ${spec.target} pass`);
  return {
    kind: 'simple',
    id: name,
    name,
    index: 0,
    displayName: undefined,
    description: spec.description || undefined,
    // Pyrra knows no services: whoever has some says so in a label that goes to the rules.
    service: pyrraSettings.propagatedLabels.service ?? name,
    labels: labels ?? {},
    annotations: annotations ?? {},
    window: { type: 'rolling', durationMs: durationOf(spec.window), text: spec.window },
    alertPolicies: [],
    sli: sliOf(document, spec.indicator),
    target,
    budgeting: { method: 'Occurrences' },
    pyrra: pyrraSettings,
    origin: { format: 'pyrra', file: document.file, place: document.placeOf(['metadata', 'name']) },
  };
}

function durationOf(text: string): number {
  const ms = parsePrometheusDuration(text);
  if (ms === undefined) throw new Error(`the schema let the duration ${text} pass`);
  return ms;
}

function sliOf(document: YamlDocument, indicator: PyrraObject['spec']['indicator']): Sli {
  const query = (promql: string, form: Query['form'], ...path: YamlPath): Query => ({
    promql,
    form,
    source: undefined,
    place: document.placeOf(['spec', 'indicator', ...path]),
  });
  const { ratio, latency, latencyNative, bool_gauge } = indicator;
  if (ratio)
    return {
      type: 'ratio',
      bad: query(ratio.errors.metric, 'counter', 'ratio', 'errors', 'metric'),
      total: query(ratio.total.metric, 'counter', 'ratio', 'total', 'metric'),
      grouping: ratio.grouping ?? [],
    };
  if (latency)
    return {
      type: 'ratio',
      good: query(latency.success.metric, 'counter', 'latency', 'success', 'metric'),
      total: query(latency.total.metric, 'counter', 'latency', 'total', 'metric'),
      grouping: latency.grouping ?? [],
    };
  if (latencyNative) {
    const seconds = durationOf(latencyNative.latency) / 1000;
    const share = `histogram_fraction(0, ${seconds}, ${sumBy(latencyNative.grouping)}(rate(${latencyNative.total.metric}[{{.window}}])))`;
    const path = ['latencyNative', 'total', 'metric'];
    return { type: 'raw', query: query(share, 'placeholder', ...path), rawType: 'success' };
  }
  if (!bool_gauge) throw new Error('the schema let an object without an indicator pass');
  const { metric, grouping } = bool_gauge;
  const sum = sumBy(grouping);
  const share = `${sum}(sum_over_time(${metric}[{{.window}}])) / ${sum}(count_over_time(${metric}[{{.window}}]))`;
  return { type: 'raw', query: query(share, 'placeholder', 'bool_gauge', 'metric'), rawType: 'success' };
}

function sumBy(grouping: readonly string[] | null | undefined): string {
  return grouping && grouping.length > 0 ? `sum by (${grouping.join(', ')}) ` : 'sum';
}

function settingsOf({ metadata, spec }: PyrraObject): PyrraSettings {
  const { alerting, ruleOutput, partial_response_strategy } = spec;
  const severities = alerting?.severities;
  return {
    ...partsOf(spec.indicator),
    alerting: {
      burnrates: (alerting?.burnrates ?? true) && !(alerting?.disabled ?? false),
      absent: alerting?.absent ?? true,
      name: alerting?.name || 'ErrorBudgetBurn',
      absentName: alerting?.absentName || 'SLOMetricAbsent',
      severities: {
        absent: severities?.absent || 'critical',
        fastBurn: severities?.fastBurn || 'critical',
        mediumBurn: severities?.mediumBurn || 'critical',
        slowBurn: severities?.slowBurn || 'warning',
        longTermBurn: severities?.longTermBurn || 'warning',
      },
    },
    performanceOverAccuracy: spec.performanceOverAccuracy ?? false,
    ruleOutput: {
      shortRulesLabels: ruleOutput?.shortRulesLabels ?? {},
      longRulesLabels: ruleOutput?.longRulesLabels ?? {},
      enableDescriptionAsLabel: ruleOutput?.enableDescriptionAsLabel ?? false,
    },
    partialResponseStrategy: partial_response_strategy || undefined,
    namespace: metadata.namespace,
    propagatedLabels: propagated(metadata.labels),
    propagatedAnnotations: propagated(metadata.annotations),
  };
}

type Parts = Pick<PyrraSettings, 'indicator' | 'latencyMs' | 'metric' | 'part' | 'grouping'>;

function partsOf({ ratio, latency, latencyNative, bool_gauge }: PyrraObject['spec']['indicator']): Parts {
  const nothing = { latencyMs: undefined, part: undefined };
  if (ratio) {
    const { total, errors, grouping } = ratio;
    return {
      ...nothing,
      indicator: 'ratio',
      metric: total.metric,
      part: errors.metric,
      grouping: grouping ?? [],
    };
  }
  if (latency) {
    const { total, success, grouping } = latency;
    return {
      ...nothing,
      indicator: 'latency',
      metric: total.metric,
      part: success.metric,
      grouping: grouping ?? [],
    };
  }
  if (latencyNative) {
    const { total, grouping } = latencyNative;
    const latencyMs = durationOf(latencyNative.latency);
    return {
      ...nothing,
      indicator: 'latencyNative',
      latencyMs,
      metric: total.metric,
      grouping: grouping ?? [],
    };
  }
  const { metric, grouping } = bool_gauge!;
  return { ...nothing, indicator: 'bool_gauge', metric, grouping: grouping ?? [] };
}

const prefix = 'pyrra.dev/';

/** Those that Pyrra copies to rules. */
function propagated(values: LabelRecord | null | undefined): LabelRecord {
  return Object.fromEntries(
    Object.entries(values ?? {})
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
