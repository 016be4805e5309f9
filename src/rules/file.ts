// Reads rule files: Prometheus's `groups:` and, also several in one file, PrometheusRule objects. All mistakes of a
// file come back together, those of expressions and templates with their place inside the YAML line.

import type { Diagnostic, Place } from '../base/diagnostics.ts';
import { type LabelRecord, Labels } from '../base/labels.ts';
import {
  checkYaml,
  type Parsed,
  parseYamlDocuments,
  type YamlDocument,
  type YamlPath,
} from '../base/yaml.ts';
import type { NamedTemplate, Rule, RuleFile, RuleGroup } from './model.ts';
import { ParsedTexts } from './parsed-texts.ts';
import { parsePrometheusDuration } from './prometheus-duration.ts';
import { sourceTextOf, textOf, textRecordOf } from './scalar-text.ts';
import { type RawGroup, type RawRule, type RuleFileOptions, ruleSchemas } from './schema.ts';

export function readRuleFile(file: string, text: string, options: RuleFileOptions = {}): Parsed<RuleFile> {
  const documents = parseYamlDocuments(file, text);
  if (!documents.ok) return documents;
  const second = documents.value[1];
  if (second && !documents.value.every(isPrometheusRule)) {
    const diagnostic: Diagnostic = {
      code: 'FD104',
      severity: 'error',
      message: 'a second document begins here; Prometheus reads the first and ignores the rest',
      at: second.placeOf([]),
      expected: 'one document, or PrometheusRule objects only',
    };
    return { ok: false, diagnostics: [diagnostic] };
  }
  const parsedTexts = new ParsedTexts(options.features);
  const schemas = ruleSchemas(options, parsedTexts);
  const read = documents.value.map((document) => readDocument(document, schemas, parsedTexts));
  const diagnostics = read.flatMap((result) => (result.ok ? [] : result.diagnostics));
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const groups = read.flatMap((result) => (result.ok ? result.value : []));
  return { ok: true, value: { file, groups, warnings: duplicates(groups) } };
}

/** Whether a parsed document is a PrometheusRule object. */
function isPrometheusRule(document: YamlDocument): boolean {
  const value = document.value as { kind?: unknown } | null;
  return typeof value === 'object' && value?.kind === 'PrometheusRule';
}

function readDocument(
  document: YamlDocument,
  schemas: ReturnType<typeof ruleSchemas>,
  parsedTexts: ParsedTexts,
): Parsed<RuleGroup[]> {
  const path = isPrometheusRule(document) ? ['spec', 'groups'] : ['groups'];
  const checked = isPrometheusRule(document)
    ? checkYaml(document, schemas.prometheusRule)
    : checkYaml(document, schemas.ruleFile);
  const diagnostics = [...(checked.ok ? [] : checked.diagnostics), ...repeatedGroups(document, path)];
  if (!checked.ok || diagnostics.length > 0) return { ok: false, diagnostics };
  const { groups } = 'spec' in checked.value ? checked.value.spec : checked.value;
  return { ok: true, value: buildGroups(document, groups ?? [], path, parsedTexts) };
}

/** Looks at the raw value, so that it is told also of a file that has other mistakes. */
function repeatedGroups(document: YamlDocument, path: YamlPath): Diagnostic[] {
  const groups = path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | null)?.[key],
    document.value,
  );
  const names = (Array.isArray(groups) ? groups : []).map((group) =>
    textOf((group as { name?: unknown } | null)?.name),
  );
  return names.flatMap((name, i): Diagnostic[] => {
    if (name === '' || names.indexOf(name) === i) return [];
    const at = document.placeOf([...path, i, 'name']);
    return [
      { code: 'FD111', severity: 'error', message: `the group ${JSON.stringify(name)} is there twice`, at },
    ];
  });
}

function buildGroups(
  document: YamlDocument,
  groups: readonly RawGroup[],
  path: YamlPath,
  parsedTexts: ParsedTexts,
): RuleGroup[] {
  return groups.map((group, i) => {
    const at = [...path, i];
    const labels = textRecordOf(document, group.labels, [...at, 'labels']);
    const interval = milliseconds(group.interval);
    return {
      name: sourceTextOf(document, group.name, [...at, 'name']),
      file: document.file,
      intervalMs: interval === 0 ? undefined : interval,
      queryOffsetMs: milliseconds(group.query_offset),
      limit: group.limit ?? 0,
      rules: (group.rules ?? []).map((rule, j) =>
        buildRule(document, rule, [...at, 'rules', j], labels, parsedTexts),
      ),
    };
  });
}

/** The rule's own labels win over those of its group. */
function buildRule(
  document: YamlDocument,
  raw: RawRule,
  at: YamlPath,
  groupLabels: LabelRecord,
  parsedTexts: ParsedTexts,
): Rule {
  const exprPath = [...at, 'expr'];
  const exprText = sourceTextOf(document, raw.expr, exprPath);
  const parsed = parsedTexts.expr(exprText);
  if (!parsed.ok) throw new Error(`the schema let an expression pass: ${parsed.error.message}`);
  const nameKey = textOf(raw.alert) === '' ? 'record' : 'alert';
  const labels = { ...groupLabels, ...textRecordOf(document, raw.labels, [...at, 'labels']) };
  const common = {
    name: sourceTextOf(document, raw[nameKey], [...at, nameKey]),
    expr: parsed.expr,
    exprText,
    labels,
    place: document.placeOf([...at, nameKey]),
    placeInExpr: (offset: number, length: number): Place => document.placeInside(exprPath, offset, length),
    placeOfField: (path: YamlPath, offset?: number, length?: number): Place =>
      offset === undefined
        ? document.placeOf([...at, ...path])
        : document.placeInside([...at, ...path], offset, length),
  };
  if (nameKey === 'record') return { kind: 'recording', ...common };
  const annotations = textRecordOf(document, raw.annotations, [...at, 'annotations']);
  const templates = (texts: LabelRecord): NamedTemplate[] =>
    Object.entries(texts).map(([name, text]) => ({ name, template: parsedTexts.template(text) }));
  return {
    kind: 'alerting',
    ...common,
    forMs: milliseconds(raw.for),
    keepFiringForMs: milliseconds(raw.keep_firing_for),
    annotations,
    labelTemplates: templates(labels),
    annotationTemplates: templates(annotations),
  };
}

function milliseconds(value: unknown): number {
  const text = textOf(value);
  return text === '' ? 0 : (parsePrometheusDuration(text) ?? 0);
}

/** Rules of one name and one set of labels, as promtool finds them: the later ones are reported. */
function duplicates(groups: readonly RuleGroup[]): Diagnostic[] {
  const seen = new Map<string, Place>();
  const warnings: Diagnostic[] = [];
  for (const rule of groups.flatMap((group) => group.rules)) {
    const key = `${rule.name}\u0000${Labels.from(rule.labels).key}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, rule.place);
    else
      warnings.push({
        code: 'FD305',
        severity: 'warning',
        message: `${rule.name} is there twice with the same labels; the first is on line ${first.line}`,
        at: rule.place,
      });
  }
  return warnings;
}
