// Validates a file of any kind that Firedrill reads; the kind is found out from what the file says of itself.

import { readAlertmanagerConfig } from '../../alertmanager/config/read.ts';
import type { MatcherMode } from '../../alertmanager/matcher/parse.ts';
import type { Diagnostic } from '../../base/diagnostics.ts';
import { nearest } from '../../base/diagnostics.ts';
import { type Parsed, parseYamlDocuments, type YamlDocument } from '../../base/yaml.ts';
import { type Features, noFeatures } from '../../promql/features.ts';
import { readRuleFile } from '../../rules/file.ts';
import { readAnalysisTemplate } from '../../slo/gate/argo/template.ts';
import { readKeptnSli } from '../../slo/gate/keptn/sli-file.ts';
import { isKeptnSlo, readKeptnSlo } from '../../slo/gate/keptn/slo-file.ts';
import { isOfObjectives, readObjectives } from '../../slo/read.ts';
import type { SloFeature } from '../../slo/reader.ts';
import { isAlertWindows, readAlertWindows } from '../../slo/rules/alert-windows.ts';
import { isChaosToolkit, readChaosToolkit } from '../chaos-toolkit/read.ts';
import { isChaosMesh, isKubernetesObject } from './chaos-mesh.ts';
import { type ReadOptions, readExperiment } from './read.ts';

export type FileKind =
  | 'experiment'
  | 'chaos-mesh'
  | 'chaos-toolkit'
  | 'kubernetes'
  | 'rules'
  | 'alertmanager'
  | 'slo'
  | 'alert-windows'
  | 'keptn-slo'
  | 'keptn-sli'
  | 'analysis-template';

export interface CheckOptions extends Pick<ReadOptions, 'file' | 'text' | 'env' | 'files'> {
  /** Not found out from the file when it is given. */
  readonly kind?: FileKind;
  /** Feature flags that are on for rule files; an experiment has its own. */
  readonly features?: Features;
  /** How matchers of an Alertmanager configuration are read. */
  readonly matcherMode?: MatcherMode;
  /** Formats of objectives that are on. */
  readonly sloFeatures?: ReadonlySet<SloFeature>;
}

export interface Checked {
  /** Undefined when it could not be found out. */
  readonly kind: FileKind | undefined;
  /** Errors and warnings; a file without errors can be used. */
  readonly diagnostics: readonly Diagnostic[];
}

export async function checkFile(options: CheckOptions): Promise<Checked> {
  const { file, text } = options;
  const detected = options.kind ? { ok: true as const, value: options.kind } : detectKind(file, text);
  if (!detected.ok) return { kind: undefined, diagnostics: detected.diagnostics };
  return { kind: detected.value, diagnostics: await diagnosticsOf(detected.value, options) };
}

async function diagnosticsOf(kind: FileKind, options: CheckOptions): Promise<readonly Diagnostic[]> {
  const { file, text } = options;
  switch (kind) {
    case 'experiment': {
      const read = await readExperiment(options);
      return read.ok ? read.warnings : read.diagnostics;
    }
    case 'chaos-mesh':
    case 'kubernetes': {
      // Which process stands for the pods is said when the file is run; here any will do.
      const read = await readExperiment({ ...options, targets: ['pods=process:pid:1'], onlyChecked: true });
      return read.ok ? read.warnings : read.diagnostics;
    }
    case 'chaos-toolkit': {
      const read = readChaosToolkit(options);
      return read.ok ? read.warnings : read.diagnostics;
    }
    case 'rules':
      return withWarnings(readRuleFile(file, text, { features: options.features ?? noFeatures }));
    case 'alertmanager':
      return withWarnings(readAlertmanagerConfig(file, text, options.matcherMode));
    case 'slo':
      return readObjectives([{ file, text }], { features: options.sloFeatures ?? new Set() }).diagnostics;
    case 'alert-windows':
      return mistakesOf(readAlertWindows(file, text));
    case 'keptn-slo':
      return mistakesOf(readKeptnSlo(file, text));
    case 'keptn-sli':
      return mistakesOf(readKeptnSli(file, text));
    case 'analysis-template':
      // Arguments get their values when it is evaluated; here any will do.
      return mistakesOf(readAnalysisTemplate(file, text, {}, '1'));
  }
}

function withWarnings(parsed: Parsed<{ readonly warnings: readonly Diagnostic[] }>): readonly Diagnostic[] {
  return parsed.ok ? parsed.value.warnings : parsed.diagnostics;
}

function mistakesOf(parsed: Parsed<unknown>): readonly Diagnostic[] {
  return parsed.ok ? [] : parsed.diagnostics;
}

/** The kind that the documents say they are, or why that cannot be told. */
export function detectKind(file: string, text: string): Parsed<FileKind> {
  const parsed = parseYamlDocuments(file, text);
  if (!parsed.ok) return parsed;
  const document = parsed.value[0]!;
  const kind = isChaosMesh(parsed.value)
    ? 'chaos-mesh'
    : (kindOf(document.value) ?? otherKindOf(parsed.value));
  return kind ? { ok: true, value: kind } : { ok: false, diagnostics: [unknownKind(document)] };
}

function kindOf(value: unknown): FileKind | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  const { apiVersion = '', kind } = value as { apiVersion?: unknown; kind?: unknown };
  const group = String(apiVersion).split('/')[0];
  if (group === 'firedrill.dev' || kind === 'Experiment') return 'experiment';
  if (group === 'monitoring.coreos.com' || kind === 'PrometheusRule' || 'groups' in value) return 'rules';
  if ('route' in value || 'receivers' in value) return 'alertmanager';
  if (group === 'argoproj.io') return 'analysis-template';
  if (isAlertWindows(value)) return 'alert-windows';
  if ('indicators' in value) return 'keptn-sli';
  if (isKeptnSlo(value)) return 'keptn-slo';
  return undefined;
}

/** Of files that say nothing of themselves that is ours. */
function otherKindOf(documents: readonly YamlDocument[]): FileKind | undefined {
  if (isChaosToolkit(documents)) return 'chaos-toolkit';
  if (documents.some(({ value }) => isOfObjectives(value))) return 'slo';
  return documents.every(isKubernetesObject) ? 'kubernetes' : undefined;
}

function unknownKind(document: YamlDocument): Diagnostic {
  const keys =
    document.value !== null && typeof document.value === 'object' ? Object.keys(document.value) : [];
  const known = ['apiVersion', 'kind', 'groups', 'route', 'receivers'];
  const near = keys.map((key) => nearest(key, known)).find((key) => key !== undefined);
  return {
    code: 'FD109',
    severity: 'error',
    message: `${document.file} does not say what it is`,
    at: document.placeOf([]),
    expected: near
      ? `the key ${near}`
      : 'apiVersion and kind (experiment, Chaos Mesh, PrometheusRule, OpenSLO), groups (rules), route and receivers (Alertmanager), a method (Chaos Toolkit), or objectives and total_score (Keptn)',
  };
}
