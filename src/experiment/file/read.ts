// From the text of an experiment file to the experiment:
//
//     text -> YAML -> --set -> --target -> ${ENV} -> schema, part by part -> references -> files it names -> Experiment
//
// Every mistake is noted on the way and all are told together, without the values of secrets. A bare Chaos Mesh file
// becomes an experiment before its targets are put in, and takes the same way from there.

import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import { redact, redactDeep } from '../../base/redact.ts';
import { type Parsed, parseYaml, parseYamlDocuments, type YamlDocument } from '../../base/yaml.ts';
import type { Experiment, FaultKindName, FaultSpec, TargetSpec } from '../model.ts';
import type { WorkflowSpec } from '../workflow/model.ts';
import { resolveAlert } from './alerts.ts';
import { isChaosMesh, isKubernetesObject, readChaosMesh } from './chaos-mesh.ts';
import { type FaultContext, faultNames, resolveFault } from './fault-resolution.ts';
import { checkFeatures } from './features.ts';
import { checkHistory, resolveHistory } from './history.ts';
import { resolveObjective } from './objectives.ts';
import { type Parts, partsOf } from './parts.ts';
import { resolvePhases } from './phases.ts';
import { Reading } from './reading.ts';
import { checkReferences } from './references.ts';
import { resolveCollateral, resolveLimits, resolveStopCondition } from './safety.ts';
import { type ExperimentFields, experimentSchema } from './schema.ts';
import { secretStrings, withoutSecretFields } from './secret-fields.ts';
import { applySets } from './sets.ts';
import { readSlos, type Slos } from './slo-files.ts';
import { type Environment, escapeSubstitutions, substitute } from './substitution.ts';
import { applyTargets } from './target-option.ts';
import { resolveTarget } from './targets.ts';
import { resolveTelemetry, shortestIntervalMs } from './telemetry.ts';
import { checkTelemetryFiles, type Files } from './telemetry-files.ts';
import { resolveTraffic } from './traffic.ts';
import { resolveOrchestration } from './workflow.ts';

export interface ReadOptions {
  /** As the user named it; diagnostics repeat it, and relative paths in it are relative to its folder. */
  readonly file: string;
  readonly text: string;
  readonly env: Environment;
  /** `path=value` of each `--set`, in their order. */
  readonly sets?: readonly string[];
  /** `NAME=process:port:8080` of each `--target`. */
  readonly targets?: readonly string[];
  /** Of `--duration`: how long a fault stays that says nothing about it. */
  readonly durationMs?: number | undefined;
  /** How many trials, in the place of the file's own number. */
  readonly trials?: number | undefined;
  /** What keeps a Chaos Mesh file from being run here is only warned of. */
  readonly onlyChecked?: boolean;
  readonly files: Files;
}

export type ReadResult =
  | { readonly ok: true; readonly value: Experiment; readonly warnings: readonly Diagnostic[] }
  /** Warnings are among the diagnostics. */
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export async function readExperiment(options: ReadOptions): Promise<ReadResult> {
  const written = applyArguments(options);
  if (!written.ok) return written;
  const { document, origin } = written.value;
  if (!document) return { ok: false, diagnostics: origin.diagnostics };
  const substituted = substitute(document, options.env);
  const reading = new Reading(substituted);
  reading.diagnostics.push(...origin.diagnostics);
  const folder = resolve(dirname(options.file));

  const checked = reading.check(experimentSchema, []);
  const fields = checked && withTrials(reading, checked, options.trials);
  const parts = partsOf(reading);
  const targets = resolveTargets(parts, folder);
  if (parts.targetNames.length === 0 && fields)
    reading.error('FD107', 'nothing is named that may be broken', ['spec'], {
      expected: 'target or targets',
    });
  const { faults, workflows } = resolveFaults(parts, {
    reading,
    targets,
    isChaosMesh: origin.isChaosMesh,
    onlyChecked: options.onlyChecked ?? false,
    durationMs: options.durationMs,
  });
  checkReferences(reading, parts);
  checkHistory(reading);
  checkFeatures(reading, parts);
  const fileSecrets = await checkTelemetryFiles(reading, parts, options.files, folder);
  const slos = await readSlos(reading, parts, options.files, folder);

  const secrets = [
    ...new Set([...substituted.secrets, ...secretStrings(reading.document.value), ...fileSecrets]),
  ];
  const told = reading.diagnostics.filter((diagnostic) => !followsFrom(substituted.broken, diagnostic));
  const diagnostics = inOrder(told.map((diagnostic) => hideSecrets(diagnostic, secrets)));
  if (!fields || !targets || diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
    return { ok: false, diagnostics };
  const shown = redactDeep(withoutSecretFields(substituted.redactedValue), secrets);
  return {
    ok: true,
    warnings: diagnostics,
    value: {
      ...resolveRest(fields, slos, folder),
      file: resolve(options.file),
      folder,
      targets,
      faults,
      ...(workflows.length > 0 && { workflows }),
      secrets,
      resolvedText: escapeSubstitutions(
        stringify(withDuration(shownTrials(shown, options.trials), faults, workflows.length > 0), {
          lineWidth: 0,
        }),
      ),
    },
  };
}

function shownTrials(shown: unknown, trials: number | undefined): unknown {
  const whole = shown as { readonly spec: object };
  return trials === undefined ? shown : { ...whole, spec: { ...whole.spec, trials } };
}

/** With what `--duration` gave each fault that says nothing of its end. Of a workflow, its nodes have their deadlines. */
function withDuration(shown: unknown, faults: readonly FaultSpec[], hasWorkflow: boolean): unknown {
  const whole = structuredClone(shown) as { spec?: { faults?: { spec?: { duration?: unknown } }[] } };
  const entries = whole.spec?.faults ?? [];
  if (hasWorkflow || entries.length !== faults.length) return shown;
  for (const [index, { spec }] of entries.entries()) {
    const { durationMs } = faults[index]!;
    if (spec && durationMs !== undefined) spec.duration ??= formatDuration(durationMs);
  }
  return whole;
}

/** With what `--trials` asked for. */
function withTrials(
  reading: Reading,
  fields: ExperimentFields,
  trials: number | undefined,
): ExperimentFields {
  if (trials === undefined) return fields;
  const { minPass } = fields.spec;
  if (minPass !== undefined && minPass > trials)
    reading.error('FD105', `more than the ${trials} of --trials`, ['spec', 'minPass'], {
      expected: `at most ${trials}`,
    });
  return { ...fields, spec: { ...fields.spec, trials } };
}

interface Written {
  /** The experiment; undefined when a Chaos Mesh file holds nothing that can be run. */
  readonly document: YamlDocument | undefined;
  readonly origin: {
    readonly isChaosMesh: boolean;
    readonly diagnostics: readonly Diagnostic[];
  };
}

/** The document as the command line wants it. */
function applyArguments(options: ReadOptions): Parsed<Written> {
  const { file, text, sets = [], targets = [], onlyChecked = false } = options;
  const documents = parseYamlDocuments(file, text);
  if (!documents.ok) return documents;
  if (!isChaosMesh(documents.value) && !documents.value.every(isKubernetesObject)) {
    const parsed = parseYaml(file, text);
    const set = parsed.ok ? applySets(parsed.value, sets) : parsed;
    const document = set.ok ? applyTargets(set.value, targets) : set;
    if (!document.ok) return document;
    const origin = { isChaosMesh: false, diagnostics: [] };
    return { ok: true, value: { document: document.value, origin } };
  }
  const [only, second] = documents.value;
  if (sets.length > 0 && second)
    return failed('FD115', '--set in a file of several documents', second, 'a file with one document');
  const set = applySets(only!, sets);
  if (!set.ok) return set;
  const read = readChaosMesh(second ? documents.value : [set.value], onlyChecked);
  const origin = { isChaosMesh: true, diagnostics: read.diagnostics };
  if (!read.experiment) return { ok: true, value: { document: undefined, origin } };
  if (targets.length === 0)
    return failed(
      'FD107',
      'nothing stands for the pods that this file would choose',
      read.experiment,
      '--target NAME=process:port:8080, or another target, once or more',
      read.diagnostics,
    );
  const document = applyTargets(read.experiment, targets, true);
  return document.ok ? { ok: true, value: { document: document.value, origin } } : document;
}

function failed(
  code: 'FD107' | 'FD115',
  message: string,
  document: YamlDocument,
  expected: string,
  others: readonly Diagnostic[] = [],
): Parsed<never> {
  const at = document.placeOf(['kind']);
  return { ok: false, diagnostics: [...others, { code, severity: 'error', message, at, expected }] };
}

/** All targets, or undefined when the declaration of one is wrong. */
function resolveTargets(parts: Parts, folder: string): TargetSpec[] | undefined {
  if (parts.targets.length < parts.targetNames.length) return undefined;
  return parts.targets.map(({ path, value }) => resolveTarget(String(path.at(-1)), value, folder));
}

function resolveFaults(
  parts: Parts,
  context: FaultContext,
): { readonly faults: readonly FaultSpec[]; readonly workflows: readonly WorkflowSpec[] } {
  const names = faultNames(parts.faults.map(({ value }) => value));
  const faults: FaultSpec[] = [];
  const workflows: WorkflowSpec[] = [];
  for (const [index, { path, value }] of parts.faults.entries()) {
    const name = names[index]!;
    const { kind, on, effect, spec } = value;
    const written = { on, effect, path, specPath: [...path, 'spec'] };
    if (kind === 'Schedule' || kind === 'Workflow') {
      const prefix = parts.faults.length > 1 ? `${name}.` : '';
      const resolved = resolveOrchestration(context, kind, { ...written, name, prefix });
      if (resolved) workflows.push(resolved.workflow);
      faults.push(...(resolved?.faults ?? []));
    } else {
      const fault = resolveFault(context, { ...written, kind: kind as FaultKindName, spec });
      if (fault) faults.push({ name, ...fault });
    }
  }
  return { faults, workflows };
}

function resolveRest(fields: ExperimentFields, slos: Slos, folder: string) {
  const { metadata, spec } = fields;
  const telemetry = resolveTelemetry(spec.telemetry ?? {}, folder);
  const scrapeMs = shortestIntervalMs(telemetry);
  const objectives = (spec.objectives ?? []).map((objective) =>
    resolveObjective(objective, slos.get(objective.slo ?? ''), scrapeMs),
  );
  const objectiveNames = objectives.map((objective) => objective.name);
  return {
    name: metadata.name,
    title: spec.title ?? metadata.name,
    traffic: resolveTraffic(spec.traffic ?? []),
    telemetry,
    phases: resolvePhases(spec.phases),
    history: resolveHistory(spec.history, folder),
    objectives,
    alerts: (spec.alerts ?? []).map((alert) => resolveAlert(alert, objectiveNames)),
    collateral: resolveCollateral(spec.collateral),
    stopConditions: (spec.stopConditions ?? []).map(resolveStopCondition),
    limits: resolveLimits(spec.limits),
    trials: spec.trials ?? 1,
    ...(spec.minPass !== undefined && { minPass: spec.minPass }),
    seed: spec.seed ?? 1,
  };
}

/** Whether it stands at a value or key that could not be substituted, and is no complaint about just that. */
function followsFrom(broken: readonly Place[], { code, at }: Diagnostic): boolean {
  if (code === 'FD108' || code === 'FD114') return false;
  return broken.some(({ file, line, column, length = 1 }) => {
    if (at?.file !== file || at.line !== line) return false;
    return at.column >= column && at.column < column + length;
  });
}

/** A line of the file that holds a secret is not shown at all. */
function hideSecrets(diagnostic: Diagnostic, secrets: readonly string[]): Diagnostic {
  const { at, message, expected } = diagnostic;
  const hidden = at?.text !== undefined && redact(at.text, secrets) !== at.text;
  const { text: _, ...place } = at ?? { text: undefined };
  return {
    ...diagnostic,
    message: redact(message, secrets),
    ...(expected === undefined ? {} : { expected: redact(expected, secrets) }),
    ...(hidden ? { at: place as NonNullable<typeof at> } : {}),
  };
}

/** By file, in the order in which the files were first met, and there from top to bottom. */
function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = [...new Set(diagnostics.map((diagnostic) => diagnostic.at?.file))];
  return [...diagnostics].sort(
    (a, b) =>
      files.indexOf(a.at?.file) - files.indexOf(b.at?.file) ||
      (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}
