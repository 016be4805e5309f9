// What a gate decides on, from the files and options that name it; all of their mistakes are told at once.

import { basename } from 'node:path';
import { type Diagnostic, UserError } from '../base/diagnostics.ts';
import { type Parsed, parseYamlDocuments } from '../base/yaml.ts';
import { type AnalysisTemplate, readAnalysisTemplate } from '../slo/gate/argo/template.ts';
import type { NamedThreshold } from '../slo/gate/k6/run.ts';
import { k6ThresholdExpected, readK6Threshold } from '../slo/gate/k6/threshold.ts';
import { readKeptnSli } from '../slo/gate/keptn/sli-file.ts';
import { isKeptnSlo, type KeptnSlo, readKeptnSlo } from '../slo/gate/keptn/slo-file.ts';
import type { Objective } from '../slo/objective.ts';
import { type ObjectiveFile, readObjectives } from '../slo/read.ts';
import { showDiagnostics } from './failure.ts';
import { mixedFeatures } from './features.ts';
import { readUserFile } from './surroundings.ts';
import { pairsOption } from './time-option.ts';

export interface GateFileOptions {
  readonly slo?: readonly string[];
  readonly sli?: string;
  readonly indicator?: readonly string[];
  readonly threshold?: readonly string[];
  readonly analysis?: readonly string[];
  readonly arg?: readonly string[];
  readonly enableFeature?: readonly string[];
}

export interface GateFiles {
  readonly keptn: { readonly name: string; readonly slo: KeptnSlo } | undefined;
  /** Query by name: of sli.yaml and of options. */
  readonly queries: ReadonlyMap<string, string>;
  readonly objectives: readonly Objective[];
  readonly thresholds: readonly NamedThreshold[];
  readonly analyses: readonly AnalysisTemplate[];
}

export async function readGateFiles(options: GateFileOptions): Promise<GateFiles> {
  const mistakes: Diagnostic[] = [];
  const taken = <T>(parsed: Parsed<T>): T | undefined => {
    if (parsed.ok) return parsed.value;
    mistakes.push(...parsed.diagnostics);
    return undefined;
  };
  const texts = await Promise.all((options.slo ?? []).map(readFile));
  const keptnFiles = texts.filter(isKeptn);
  if (keptnFiles.length > 1)
    throw UserError.of('FD904', 'more than one slo.yaml of Keptn', { expected: 'one gate at a time' });
  const [keptnFile] = keptnFiles;
  const slo = keptnFile && taken(readKeptnSlo(keptnFile.file, keptnFile.text));
  const sli =
    options.sli === undefined ? undefined : taken(readKeptnSli(options.sli, await readUserFile(options.sli)));
  const queries = new Map([...(sli?.queries ?? []), ...pairsOption('--indicator', options.indicator)]);
  const others = texts.filter((file) => file !== keptnFile);
  const read = readObjectives(others, { features: mixedFeatures(options.enableFeature).slo });
  mistakes.push(...(others.length > 0 ? read.diagnostics : []));
  const args = Object.fromEntries(pairsOption('--arg', options.arg));
  const analyses: AnalysisTemplate[] = [];
  for (const file of options.analysis ?? []) {
    const template = taken(readAnalysisTemplate(file, await readUserFile(file), args));
    if (template) analyses.push(template);
  }
  if (mistakes.some(({ severity }) => severity === 'error')) throw new UserError(mistakes);
  showDiagnostics(mistakes);
  return {
    keptn: slo && { name: basename(keptnFile!.file).replace(/\.ya?ml$/, ''), slo },
    queries,
    objectives: read.objectives,
    thresholds: (options.threshold ?? []).map((text) => namedThreshold(text, queries)),
    analyses,
  };
}

/** What is no YAML is told by the reader of objectives. */
function isKeptn({ file, text }: ObjectiveFile): boolean {
  const parsed = parseYamlDocuments(file, text);
  return parsed.ok && parsed.value.some(({ value }) => isKeptnSlo(value));
}

async function readFile(file: string): Promise<ObjectiveFile> {
  return { file, text: await readUserFile(file) };
}

/** `NAME: p(95) < 300`, with the name of an indicator. */
function namedThreshold(text: string, queries: ReadonlyMap<string, string>): NamedThreshold {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(0, colon)).trim();
  const query = queries.get(name);
  if (colon < 0 || query === undefined)
    throw UserError.of(
      'FD904',
      `--threshold ${JSON.stringify(text)}: ${name === '' ? 'no indicator is named' : `there is no indicator ${name}`}`,
      {
        expected: 'NAME: EXPRESSION, with NAME of --indicator or of sli.yaml',
      },
    );
  const expression = text.slice(colon + 1).trim();
  const read = readK6Threshold(expression);
  if (read.ok) return { name, query, threshold: read.threshold };
  throw UserError.of(
    'FD765',
    `--threshold: ${read.message}\n  ${expression}\n  ${' '.repeat(read.offset)}^`,
    {
      expected: k6ThresholdExpected,
    },
  );
}
