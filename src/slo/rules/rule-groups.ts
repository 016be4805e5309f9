// Rules that are generated, and the files that hold them.

import { stringify } from 'yaml';
import type { LabelRecord } from '../../base/labels.ts';

export interface GeneratedGroup {
  readonly name: string;
  readonly interval?: string;
  readonly partial_response_strategy?: string;
  readonly rules: readonly GeneratedRule[];
}

export type GeneratedRule = GeneratedRecording | GeneratedAlert;

export interface GeneratedRecording {
  readonly record: string;
  readonly expr: string;
  readonly labels: LabelRecord;
}

export interface GeneratedAlert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: LabelRecord;
  readonly annotations?: LabelRecord;
}

/** A rule file of Prometheus. */
export interface RuleFileContent {
  readonly groups: readonly GeneratedGroup[];
}

/** The same as an object of the Prometheus operator. */
export interface PrometheusRule {
  readonly apiVersion: 'monitoring.coreos.com/v1';
  readonly kind: 'PrometheusRule';
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: LabelRecord;
    readonly annotations?: LabelRecord;
  };
  readonly spec: RuleFileContent;
}

/** One YAML document each, labels in the order of their names. */
export function ruleFilesYaml(files: readonly (RuleFileContent | PrometheusRule)[]): string {
  return files
    .map((file) => `---\n${stringify(file, { aliasDuplicateObjects: false, lineWidth: 0 })}`)
    .join('');
}

/** Sorted by name, as Prometheus's own tools write them. */
export function sortedLabels(labels: LabelRecord): LabelRecord {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A number as Go's %v prints it: exponents below 1e-4 and from 1e21 on. */
export function floatText(value: number): string {
  const size = Math.abs(value);
  if (value === 0 || (size >= 1e-4 && size < 1e21)) return String(value);
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}
