// From the text of an experiment file to the experiment:
//
//     text -> YAML -> --set -> --target -> ${ENV} -> schema, part by part -> references -> files it names -> Experiment
//
// Every mistake is noted on the way and all are told together, without the values of secrets. A bare Chaos Mesh file
// becomes an experiment before its targets are put in, and takes the same way from there.

import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import { redact, redactDeep } from '../../base/redact.ts';
import { type Parsed, parseYaml, type YamlDocument } from '../../base/yaml.ts';
import type { Experiment, FaultSpec, TargetSpec } from '../model.ts';
import { resolveAlert } from './alerts.ts';
import { experimentOf, isChaosMesh } from './chaos-mesh.ts';
import { faultNames, resolveFault } from './fault-resolution.ts';
import { checkFeatures } from './features.ts';
import { resolveObjective } from './objectives.ts';
import { type Parts, partsOf } from './parts.ts';
import { resolvePhases } from './phases.ts';
import { Reading } from './reading.ts';
import { checkReferences } from './references.ts';
import { resolveCollateral, resolveLimits, resolveStopCondition } from './safety.ts';
import { type ExperimentFields, experimentSchema } from './schema.ts';
import { secretStrings, withoutSecretFields } from './secret-fields.ts';
import { applySets } from './sets.ts';
import { type Environment, escapeSubstitutions, substitute } from './substitution.ts';
import { applyTargets } from './target-option.ts';
import { resolveTarget } from './targets.ts';
import { resolveTelemetry } from './telemetry.ts';
import { checkTelemetryFiles, type Files } from './telemetry-files.ts';
import { resolveTraffic } from './traffic.ts';

export interface ReadOptions {
  /** As the user named it; diagnostics repeat it, and relative paths in it are relative to its folder. */
  readonly file: string;
  readonly text: string;
  readonly env: Environment;
  /** `path=value` of each `--set`, in their order. */
  readonly sets?: readonly string[];
  /** `NAME=process:port:8080` of each `--target`. */
  readonly targets?: readonly string[];
  readonly files: Files;
}

export type ReadResult =
  | { readonly ok: true; readonly value: Experiment; readonly warnings: readonly Diagnostic[] }
  /** Warnings are among the diagnostics. */
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export async function readExperiment(options: ReadOptions): Promise<ReadResult> {
  const document = applyArguments(options);
  if (!document.ok) return document;
  const substituted = substitute(document.value, options.env);
  const reading = new Reading(substituted);
  const folder = resolve(dirname(options.file));

  const fields = reading.check(experimentSchema, []);
  const parts = partsOf(reading);
  const targets = resolveTargets(parts, folder);
  if (parts.targetNames.length === 0 && fields)
    reading.error('FD107', 'nothing is named that may be broken', ['spec'], {
      expected: 'target or targets',
    });
  const faults = resolveFaults(reading, parts, targets);
  checkReferences(reading, parts);
  checkFeatures(reading, parts);
  const fileSecrets = await checkTelemetryFiles(reading, parts, options.files, folder);

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
      ...resolveRest(fields, folder),
      file: resolve(options.file),
      folder,
      targets,
      faults,
      secrets,
      resolvedText: escapeSubstitutions(stringify(shown, { lineWidth: 0 })),
    },
  };
}

/** The document as the command line wants it. */
function applyArguments(options: ReadOptions): Parsed<YamlDocument> {
  const parsed = parseYaml(options.file, options.text);
  if (!parsed.ok) return parsed;
  const set = applySets(parsed.value, options.sets ?? []);
  if (!set.ok) return set;
  const targets = options.targets ?? [];
  const experiment = isChaosMesh(set.value) ? experimentOf(set.value, targets) : set;
  return experiment.ok ? applyTargets(experiment.value, targets) : experiment;
}

/** All targets, or undefined when the declaration of one is wrong. */
function resolveTargets(parts: Parts, folder: string): TargetSpec[] | undefined {
  if (parts.targets.length < parts.targetNames.length) return undefined;
  return parts.targets.map(({ path, value }) => resolveTarget(String(path.at(-1)), value, folder));
}

function resolveFaults(
  reading: Reading,
  parts: Parts,
  targets: readonly TargetSpec[] | undefined,
): FaultSpec[] {
  const names = faultNames(parts.faults.map(({ value }) => value));
  return parts.faults.flatMap(({ path, value }, index) => {
    const fault = resolveFault(reading, value, path, targets);
    return fault ? [{ name: names[index]!, ...fault }] : [];
  });
}

function resolveRest(fields: ExperimentFields, folder: string) {
  const { metadata, spec } = fields;
  const objectives = (spec.objectives ?? []).map(resolveObjective);
  const objectiveNames = objectives.map((objective) => objective.name);
  return {
    name: metadata.name,
    title: spec.title ?? metadata.name,
    traffic: resolveTraffic(spec.traffic ?? []),
    telemetry: resolveTelemetry(spec.telemetry ?? {}, folder),
    phases: resolvePhases(spec.phases),
    objectives,
    alerts: (spec.alerts ?? []).map((alert) => resolveAlert(alert, objectiveNames)),
    collateral: resolveCollateral(spec.collateral),
    stopConditions: (spec.stopConditions ?? []).map(resolveStopCondition),
    limits: resolveLimits(spec.limits),
    trials: spec.trials ?? 1,
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
