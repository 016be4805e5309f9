// From the text of a Chaos Toolkit experiment, JSON or YAML, to what is played and to the experiment that judge and
// reports know. Every mistake is told together, each with its place. Nothing of this machine is looked at here.

import { dirname, resolve } from 'node:path';
import { stringify } from 'yaml';
import { byPlace, type Diagnostic, nearest } from '../../base/diagnostics.ts';
import { redactDeep, redacted } from '../../base/redact.ts';
import { parseYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { Reading } from '../file/reading.ts';
import { applySets } from '../file/sets.ts';
import type { Environment } from '../file/substitution.ts';
import type { Experiment } from '../model.ts';
import { readActivities, warnOfControls } from './activities.ts';
import type { Activity, ChaosToolkitExperiment, HypothesisStrategy, ProviderSpec } from './model.ts';
import { experimentSchema } from './schema.ts';
import { readConfiguration, readSecrets, secretTexts } from './settings.ts';
import { pythonText, referencesIn, substitute, type Variables, variablesOf } from './substitution.ts';
import { shown } from './tolerance.ts';

/** Whether it has the shape of one: a method or a hypothesis, and no apiVersion. */
export function isChaosToolkit(documents: readonly YamlDocument[]): boolean {
  const [only, second] = documents;
  const value = only?.value;
  if (second || value === null || typeof value !== 'object') return false;
  return !('apiVersion' in value) && ('method' in value || 'steady-state-hypothesis' in value);
}

export interface ReadOptions {
  /** As the user named it. */
  readonly file: string;
  readonly text: string;
  readonly env: Environment;
  /** `path=value` of each `--set`. */
  readonly sets?: readonly string[];
  /** Instead of what the file says. */
  readonly hypothesisStrategy?: ChaosToolkitExperiment['strategies']['hypothesis'] | undefined;
  readonly rollbackStrategy?: ChaosToolkitExperiment['strategies']['rollbacks'] | undefined;
}

export interface ChaosToolkitFile {
  readonly chaosToolkit: ChaosToolkitExperiment;
  /** What judge and reports read. */
  readonly experiment: Experiment;
  /** Where each program and each Python function is named, for what is found out about them later. */
  readonly document: YamlDocument;
}

export type ReadResult =
  | { readonly ok: true; readonly value: ChaosToolkitFile; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export function readChaosToolkit(options: ReadOptions): ReadResult {
  const parsed = parseYaml(options.file, options.text);
  const set = parsed.ok ? applySets(parsed.value, options.sets ?? []) : parsed;
  if (!set.ok) return set;
  const reading = new Reading({ document: set.value, diagnostics: [], readScalar: () => undefined });
  const fields = reading.check(experimentSchema, []);
  const lists = readActivities(reading);
  const settings = readConfiguration(reading, mappingAt(reading, 'configuration'), options.env);
  const secrets = readSecrets(reading, groupsAt(reading), options.env);
  const known = variablesOf(
    { ...settings.configuration, ...Object.fromEntries(settings.asked.map(({ name }) => [name, ''])) },
    secrets,
  );
  checkSubstitutions(reading, known);
  warnOfControls(reading);
  const secretValues = [...new Set(secretTexts(secrets))];
  const diagnostics = [...new Map(reading.diagnostics.map((each) => [JSON.stringify(each), each])).values()]
    .map((each) => redactDeep(each, secretValues))
    .sort(byPlace);
  if (!fields || diagnostics.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics };
  const hypothesis = fields['steady-state-hypothesis'];
  const title = pythonText(substitute(fields.title, variablesOf(settings.configuration, secrets)));
  const chaosToolkit: ChaosToolkitExperiment = {
    title,
    written: { ...withoutSecrets(set.value.value as Record<string, unknown>), title },
    hypothesis: hypothesis && { title: hypothesis.title, probes: lists.probes },
    method: lists.method,
    rollbacks: lists.rollbacks,
    ...settings,
    secrets,
    strategies: {
      hypothesis: options.hypothesisStrategy ?? fields.runtime?.hypothesis?.strategy ?? 'default',
      rollbacks: options.rollbackStrategy ?? fields.runtime?.rollbacks?.strategy ?? 'default',
    },
  };
  const experiment = asExperiment(options.file, chaosToolkit, secretValues);
  return { ok: true, warnings: diagnostics, value: { chaosToolkit, experiment, document: set.value } };
}

function mappingAt(reading: Reading, key: string): Record<string, unknown> {
  const value = reading.at([key]);
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

function groupsAt(reading: Reading): Record<string, Record<string, unknown>> {
  const groups = Object.entries(mappingAt(reading, 'secrets'));
  return Object.fromEntries(
    groups.filter((entry): entry is [string, Record<string, unknown>] => {
      const [, value] = entry;
      return value !== null && typeof value === 'object' && !Array.isArray(value);
    }),
  );
}

/** What Chaos Toolkit substitutes of an activity; a path of a program and a module's name are taken as they are. */
const substituted = ['arguments', 'url', 'headers', 'timeout'];

function checkSubstitutions(reading: Reading, known: Variables): void {
  checkTexts(reading, ['title'], known);
  const lists = [['steady-state-hypothesis', 'probes'], ['method'], ['rollbacks']];
  for (const list of lists) {
    const entries = reading.at(list);
    if (!Array.isArray(entries)) continue;
    for (const index of entries.keys()) {
      const path = [...list, index];
      checkTexts(reading, [...path, 'pauses'], known);
      checkTexts(reading, [...path, 'tolerance'], known);
      const provider = [...path, 'provider'];
      for (const key of substituted) checkTexts(reading, [...provider, key], known);
    }
  }
}

function checkTexts(reading: Reading, path: YamlPath, known: Variables): void {
  const value = reading.at(path);
  if (typeof value === 'string') checkText(reading, path, value, known);
  else if (value !== null && typeof value === 'object')
    for (const key of Object.keys(value))
      checkTexts(reading, [...path, Array.isArray(value) ? Number(key) : key], known);
}

function checkText(reading: Reading, path: YamlPath, text: string, known: Variables): void {
  for (const { name, offset, length } of referencesIn(text)) {
    if (known.has(name)) continue;
    // Of what a shell reads, it may well be a variable of the shell's.
    const isShell = path.at(-1) === 'arguments' && reading.at([...path.slice(0, -1), 'type']) === 'process';
    const near = nearest(name, known.keys());
    reading.diagnostics.push({
      code: 'FD142',
      severity: isShell ? 'warning' : 'error',
      message: `\${${name}} is neither in configuration nor in secrets`,
      at: reading.document.placeInside(path, offset, length),
      expected: near ? `\${${near}}` : `${name} in configuration or secrets, or $$ for a plain $`,
    });
  }
}

/** The file as it may be repeated: secrets that stand in it are taken out where they stand. */
function withoutSecrets(written: Record<string, unknown>): Record<string, unknown> {
  return 'secrets' in written ? { ...written, secrets: hidden(written.secrets) } : written;
}

function hidden(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return redacted;
  if (Array.isArray(value)) return value.map(hidden);
  // Where a secret comes from is no secret.
  if ('type' in value && value.type === 'env') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner)]));
}

const runTimeMs = 15 * 60_000;

function asExperiment(
  file: string,
  chaosToolkit: ChaosToolkitExperiment,
  secrets: readonly string[],
): Experiment {
  const { title, hypothesis, method, strategies, written } = chaosToolkit;
  return {
    name: nameOf(title),
    title,
    file: resolve(file),
    folder: resolve(dirname(file)),
    targets: [],
    traffic: [],
    telemetry: {
      scrape: [],
      prometheus: undefined,
      rules: [],
      alertmanager: undefined,
      capture: { listen: '127.0.0.1:0', token: undefined, answers: {} },
      evaluationIntervalMs: 1000,
      externalLabels: {},
      features: [],
    },
    faults: [],
    chaosToolkit: {
      hypothesisStrategy: strategies.hypothesis,
      probes: isAsked(strategies.hypothesis)
        ? (hypothesis?.probes ?? []).map((probe) => ({ name: probe.name, text: probeText(probe) }))
        : [],
      actions: distinct(method.filter(({ type }) => type === 'action')).map(({ name, provider }) => ({
        name,
        provider: provider.type,
        on: subjectOf(provider),
      })),
    },
    phases: { baseline: 0, recovery: 0 },
    objectives: [],
    alerts: [],
    collateral: { verdict: 'ignore', failOn: undefined, scope: undefined, allow: [] },
    stopConditions: [],
    limits: { runTimeMs: runTimeMs + knownTimesMs(chaosToolkit), share: 1 },
    trials: 1,
    seed: 1,
    secrets,
    resolvedText: stringify(redactDeep(written, secrets), { lineWidth: 0 }),
  };
}

function isAsked(strategy: HypothesisStrategy): boolean {
  return strategy !== 'skip';
}

function distinct(activities: readonly Activity[]): Activity[] {
  return [...new Map(activities.map((activity) => [activity.name, activity])).values()];
}

/** Pauses and timeouts that the file asks for, which the limit on the run must leave room for. */
function knownTimesMs({ hypothesis, method, rollbacks }: ChaosToolkitExperiment): number {
  const probes = hypothesis?.probes ?? [];
  const activities = [...probes, ...method, ...probes, ...rollbacks];
  const seconds = activities.flatMap(({ pauses, provider }) => [
    pauses.before,
    pauses.after,
    'timeout' in provider ? provider.timeout : 0,
  ]);
  return seconds.reduce<number>((sum, each) => sum + (typeof each === 'number' ? each * 1000 : 0), 0);
}

function nameOf(title: string): string {
  const words = title.toLowerCase().match(/[a-z0-9]+/g) ?? ['experiment'];
  return words.join('-').slice(0, 60).replace(/-$/, '');
}

/** What a probe asks, and what it should hear. */
function probeText({ provider, tolerance }: Activity): string {
  return `${subjectOf(provider)}: ${shown(tolerance)}`;
}

/** The program, the address or the function that an activity is about. */
export function subjectOf(provider: ProviderSpec): string {
  if (provider.type === 'http') return `${provider.method?.toUpperCase() ?? 'GET'} ${provider.url}`;
  return provider.type === 'process' ? provider.path : `${provider.module}.${provider.func}`;
}
