// Sloth's files and Kubernetes objects as objectives. Sloth's period is no part of its files: it is 30 days, and other lengths are
// a choice of who generates rules.

import type { Diagnostic } from '../../base/diagnostics.ts';
import type { LabelRecord } from '../../base/labels.ts';
import { checkYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { sourceTextOf, textRecordOf } from '../../rules/scalar-text.ts';
import type { Objective, Query, SimpleObjective, Sli, SlothSettings } from '../objective.ts';
import type { ObjectiveReader, ReadObjectives } from '../reader.ts';
import { targetOf } from '../target.ts';
import { type SlothSlo, slothFile, slothObject } from './schema.ts';

export const sloth: ObjectiveReader = {
  title: 'Sloth (version: prometheus/v1, or the kind PrometheusServiceLevel)',
  isOne: (value) => isFile(value) || isObject(value),
  read: (documents) => {
    const read = documents.map(readDocument);
    const objectives = read.flatMap((each) => each.objectives);
    return {
      objectives: objectives.filter(isFirst),
      diagnostics: [...read.flatMap((each) => each.diagnostics), ...repeated(objectives)],
    };
  },
};

/** Any version, so that one that is not known is told as such. */
function isFile(value: unknown): boolean {
  return /^prometheus\//.test(String((value as { version?: unknown } | null)?.version));
}

function isObject(value: unknown): boolean {
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  return /^sloth\.slok\.dev\//.test(String(apiVersion)) && kind !== 'AlertWindows';
}

interface SlothDocument {
  readonly document: YamlDocument;
  readonly format: 'sloth' | 'sloth-kubernetes';
  /** Of what holds `service` and `slos`. */
  readonly at: YamlPath;
  readonly service: string;
  readonly labels: LabelRecord;
  readonly object: SlothSettings['object'];
}

function readDocument(document: YamlDocument): ReadObjectives {
  if (isFile(document.value)) {
    const checked = checkYaml(document, slothFile);
    if (!checked.ok) return { objectives: [], diagnostics: checked.diagnostics };
    const { service, labels, slos, slo_plugins } = checked.value;
    const of: SlothDocument = {
      document,
      format: 'sloth',
      at: [],
      service,
      labels: textRecordOf(document, labels, ['labels']),
      object: undefined,
    };
    return readSlos(of, slos, slo_plugins ? [['slo_plugins']] : []);
  }
  const checked = checkYaml(document, slothObject);
  if (!checked.ok) return { objectives: [], diagnostics: checked.diagnostics };
  const { metadata, spec } = checked.value;
  const of: SlothDocument = {
    document,
    format: 'sloth-kubernetes',
    at: ['spec'],
    service: spec.service,
    labels: textRecordOf(document, spec.labels, ['spec', 'labels']),
    object: {
      name: metadata.name,
      namespace: metadata.namespace,
      labels: metadata.labels ?? {},
      annotations: metadata.annotations ?? {},
    },
  };
  return readSlos(of, spec.slos, spec.sloPlugins ? [['spec', 'sloPlugins']] : []);
}

function readSlos(
  of: SlothDocument,
  slos: readonly SlothSlo[],
  plugins: readonly YamlPath[],
): ReadObjectives {
  const pathOf = (index: number): YamlPath => [...of.at, 'slos', index];
  const own = slos.flatMap((slo, index) => (slo.plugins ? [[...pathOf(index), 'plugins']] : []));
  const read = slos.map((slo, index) => readSlo(of, slo, pathOf(index)));
  return {
    objectives: read.flatMap(({ objectives }) => objectives),
    diagnostics: [
      ...[...plugins, ...own].map((path) => pluginsIgnored(of, path)),
      ...read.flatMap(({ diagnostics }) => diagnostics),
    ],
  };
}

function pluginsIgnored({ document }: SlothDocument, path: YamlPath): Diagnostic {
  return {
    code: 'FD853',
    severity: 'warning',
    message: 'plugins of Sloth are Go programs, which are not run here: they change nothing',
    at: document.placeOfKey(path),
  };
}

function readSlo(of: SlothDocument, slo: SlothSlo, path: YamlPath): ReadObjectives {
  const sli = sliOf(of, slo, [...path, 'sli']);
  const diagnostics = mistakesOf(of, slo, sli, path);
  if (!sli) return { objectives: [], diagnostics };
  return { objectives: [objectiveOf(of, slo, sli, path)], diagnostics };
}

function mistakesOf(
  { document }: SlothDocument,
  slo: SlothSlo,
  sli: Sli | undefined,
  path: YamlPath,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  if (slo.objective === 100)
    found.push({
      code: 'FD856',
      severity: 'warning',
      message:
        'an objective of 100 % has no error budget: its burn rate has no value, and no alert of it can fire',
      at: document.placeOf([...path, 'objective']),
    });
  if (!sli)
    found.push({
      code: 'FD853',
      severity: 'error',
      message: 'an indicator from a plugin of Sloth is a Go program, which is not run here',
      at: document.placeOf([...path, 'sli', 'plugin']),
      expected: 'events or raw',
    });
  return found;
}

function objectiveOf(of: SlothDocument, slo: SlothSlo, sli: Sli, path: YamlPath): SimpleObjective {
  const { document, service } = of;
  const target = targetOf(sourceTextOf(document, slo.objective, [...path, 'objective']), 'percent');
  if (!target) throw new Error(`the schema let the objective ${slo.objective} pass`);
  return {
    kind: 'simple',
    id: `${service}-${slo.name}`,
    name: slo.name,
    index: 0,
    displayName: undefined,
    description: slo.description,
    service,
    labels: { ...of.labels, ...textRecordOf(document, slo.labels, [...path, 'labels']) },
    annotations: {},
    window: { type: 'rolling', durationMs: 30 * 86_400_000, text: '30d' },
    alertPolicies: [],
    sli,
    target,
    budgeting: { method: 'Occurrences' },
    sloth: settingsOf(of, slo, path),
    origin: { format: of.format, file: document.file, place: document.placeOf([...path, 'name']) },
  };
}

/** Undefined: a plugin. */
function sliOf({ document, format }: SlothDocument, { sli }: SlothSlo, path: YamlPath): Sli | undefined {
  const query = (promql: string, ...field: readonly string[]): Query => ({
    promql,
    form: 'placeholder',
    source: undefined,
    place: document.placeOf([...path, ...field]),
  });
  const field = (snake: string, camel: string) => (format === 'sloth' ? snake : camel);
  if (sli.raw) {
    const place = field('error_ratio_query', 'errorRatioQuery');
    return { type: 'raw', query: query(sli.raw.errorRatioQuery, 'raw', place), rawType: 'failure' };
  }
  if (!sli.events) return undefined;
  return {
    type: 'ratio',
    bad: query(sli.events.errorQuery, 'events', field('error_query', 'errorQuery')),
    total: query(sli.events.totalQuery, 'events', field('total_query', 'totalQuery')),
    grouping: [],
  };
}

function settingsOf(
  { document, format, object }: SlothDocument,
  slo: SlothSlo,
  path: YamlPath,
): SlothSettings {
  const { alerting } = slo;
  const at = [...path, 'alerting'];
  const alertOf = (value: NonNullable<SlothSlo['alerting']>['page'] | undefined, field: string) => ({
    disabled: value?.disable ?? false,
    labels: textRecordOf(document, value?.labels, [...at, field, 'labels']),
    annotations: textRecordOf(document, value?.annotations, [...at, field, 'annotations']),
  });
  return {
    alerting: {
      name: alerting?.name,
      labels: textRecordOf(document, alerting?.labels, [...at, 'labels']),
      annotations: textRecordOf(document, alerting?.annotations, [...at, 'annotations']),
      page: alertOf(alerting?.page, format === 'sloth' ? 'page_alert' : 'pageAlert'),
      ticket: alertOf(alerting?.ticket, format === 'sloth' ? 'ticket_alert' : 'ticketAlert'),
    },
    object,
  };
}

function isFirst({ id }: Objective, index: number, all: readonly Objective[]): boolean {
  return all.findIndex((other) => other.id === id) === index;
}

function repeated(objectives: readonly Objective[]): Diagnostic[] {
  return objectives.flatMap(({ id, name, service, origin }): Diagnostic[] => {
    const first = objectives.find((other) => other.id === id)!.origin.place;
    if (first === origin.place) return [];
    const message = `${service} has the SLO ${name} twice; the first is in ${first.file}:${first.line}`;
    return [{ code: 'FD111', severity: 'error', message, at: origin.place }];
  });
}
