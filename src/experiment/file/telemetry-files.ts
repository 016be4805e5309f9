// The files that an experiment points to: rule files and the Alertmanager's configuration. They are read and checked
// with it, because an alert that no rule defines, or a receiver that no route reaches, is a mistake of the experiment.

import { dirname, isAbsolute, join, resolve } from 'node:path';
import { readAlertmanagerConfig } from '../../alertmanager/config/read.ts';
import type { YamlPath } from '../../base/yaml.ts';
import type { Features } from '../../promql/features.ts';
import { readRuleFile } from '../../rules/file.ts';
import type { AlertingRule } from '../../rules/model.ts';
import type { AlertFields } from './alerts.ts';
import { resolveFeatures } from './features.ts';
import type { Part, Parts } from './parts.ts';
import type { Reading } from './reading.ts';

export interface Files {
  /** Text of the file at an absolute path; rejects when it cannot be read. */
  read(path: string): Promise<string>;
  /** Names of the YAML and JSON files in a folder, with those of folders in it; undefined for what is no folder. */
  list?(path: string): Promise<readonly string[] | undefined>;
}

/** Checks the files and what is said of them; returns the secrets that they hold. */
export async function checkTelemetryFiles(
  reading: Reading,
  parts: Parts,
  files: Files,
  folder: string,
): Promise<readonly string[]> {
  const { telemetry } = parts;
  if (!telemetry) return [];
  const reader = new FileReader(reading, files, folder);
  const features = new Set(resolveFeatures(telemetry.features));
  const rules = await readRules(reader, telemetry.rules ?? [], features);
  // A remote source without rule files evaluates its own, which are not known here.
  const remoteRules = telemetry.prometheus !== undefined && telemetry.rules === undefined;
  if (rules && !remoteRules) checkAlertRules(reading, parts.alerts, rules);
  return checkAlertmanager(reader, parts);
}

/** Reads files named in the experiment; what cannot be read is noted where it is named. */
class FileReader {
  readonly reading: Reading;
  readonly #files: Files;
  readonly #folder: string;

  constructor(reading: Reading, files: Files, folder: string) {
    this.reading = reading;
    this.#files = files;
    this.#folder = folder;
  }

  async read(
    path: string,
    at: YamlPath,
  ): Promise<{ readonly file: string; readonly text: string } | undefined> {
    try {
      return { file: this.#shown(path), text: await this.#files.read(resolve(this.#folder, path)) };
    } catch (error) {
      const reason = String(error).includes('ENOENT') ? 'is not there' : 'cannot be read';
      this.reading.error('FD101', `${this.#shown(path)} ${reason}`, at, {
        expected: 'a file that can be read',
      });
      return undefined;
    }
  }

  /** As the user would name it from where the experiment was named. */
  #shown(path: string): string {
    return isAbsolute(path) ? path : join(dirname(this.reading.document.file), path);
  }
}

/** All alerting rules, or undefined when a file is wrong and therefore not all are known. */
async function readRules(
  reader: FileReader,
  paths: readonly string[],
  features: Features,
): Promise<AlertingRule[] | undefined> {
  const rules: AlertingRule[] = [];
  let complete = true;
  for (const [index, path] of paths.entries()) {
    const found = await reader.read(path, ['spec', 'telemetry', 'rules', index]);
    const parsed = found && readRuleFile(found.file, found.text, { features });
    if (parsed?.ok) {
      reader.reading.diagnostics.push(...parsed.value.warnings);
      const all = parsed.value.groups.flatMap((group) => group.rules);
      rules.push(...all.filter((rule) => rule.kind === 'alerting'));
    } else {
      complete = false;
      if (parsed) reader.reading.diagnostics.push(...parsed.diagnostics);
    }
  }
  return complete ? rules : undefined;
}

/** Checks the configuration and the receivers that alerts name; returns the configuration's secrets. */
async function checkAlertmanager(reader: FileReader, parts: Parts): Promise<readonly string[]> {
  const path = parts.telemetry?.alertmanager;
  if (typeof path !== 'string') return [];
  const { reading } = reader;
  const found = await reader.read(path, ['spec', 'telemetry', 'alertmanager']);
  const parsed = found && readAlertmanagerConfig(found.file, found.text);
  if (!parsed?.ok) {
    if (parsed) reading.diagnostics.push(...parsed.diagnostics);
    return [];
  }
  reading.diagnostics.push(...parsed.value.warnings);
  const receivers = parsed.value.receivers.map((receiver) => receiver.name);
  for (const { path: at, value: alert } of parts.alerts) {
    (alert.notifies?.receivers ?? []).forEach((receiver, index) => {
      if (!receivers.includes(receiver))
        reading.undefinedName('receiver', receiver, receivers, [...at, 'notifies', 'receivers', index]);
    });
  }
  for (const receiver of Object.keys(parts.telemetry?.capture?.answers ?? {})) {
    if (!receivers.includes(receiver))
      reading.undefinedName('receiver', receiver, receivers, [
        'spec',
        'telemetry',
        'capture',
        'answers',
        receiver,
      ]);
  }
  return parsed.value.secrets;
}

function checkAlertRules(
  reading: Reading,
  alerts: readonly Part<AlertFields>[],
  rules: readonly AlertingRule[],
): void {
  const names = [...new Set(rules.map((rule) => rule.name))];
  for (const { path, value: alert } of alerts) {
    const named = rules.filter((rule) => rule.name === alert.name);
    if (named.length === 0) reading.undefinedName('rule for the alert', alert.name, names, [...path, 'name']);
    else checkOneRule(reading, alert, named, path);
    (alert.coveredBy ?? []).forEach((parent, index) => {
      if (!names.includes(parent))
        reading.undefinedName('rule for the alert', parent, names, [...path, 'coveredBy', index]);
    });
  }
}

function checkOneRule(
  reading: Reading,
  alert: AlertFields,
  named: readonly AlertingRule[],
  path: YamlPath,
): void {
  const matching = named.filter((rule) => mayCarry(rule, alert.labels ?? {}));
  if (matching.length === 0) {
    const carried = named.map((rule) => `${JSON.stringify(rule.labels)} (${where(rule)})`);
    reading.error('FD110', `no rule ${alert.name} can have these labels`, [...path, 'labels'], {
      key: true,
      expected: `labels that fit ${carried.join(' or ')}`,
    });
    return;
  }
  const severities = new Set(matching.map((rule) => rule.labels.severity ?? 'none'));
  if (severities.size < 2) return;
  const listed = matching.map((rule) => `${rule.labels.severity ?? 'none'} (${where(rule)})`);
  reading.error(
    'FD116',
    `${alert.name} has rules of different severities: ${listed.join(', ')}`,
    [...path, 'name'],
    {
      expected: `labels: { severity: ${[...severities].join(' or ')} }`,
    },
  );
}

/** Whether alerts of the rule can carry the labels: what it sets itself must not say otherwise. */
function mayCarry(rule: AlertingRule, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([label, value]) => {
    const own = rule.labels[label];
    return own === undefined || own === value || own.includes('{{');
  });
}

function where(rule: AlertingRule): string {
  return `${rule.place.file}:${rule.place.line}`;
}
