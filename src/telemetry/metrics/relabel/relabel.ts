// Relabeling: a list of rules that rewrite a label set or drop it, as in Prometheus.
// https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config

import { createHash } from 'node:crypto';
import { RE2JS } from 're2js';
import type { LabelRecord } from '../../../base/labels.ts';
import { Template } from './template.ts';

export const relabelActions = [
  'replace',
  'keep',
  'drop',
  'keepequal',
  'dropequal',
  'hashmod',
  'labelmap',
  'labeldrop',
  'labelkeep',
  'lowercase',
  'uppercase',
] as const;

type RelabelAction = (typeof relabelActions)[number];

export interface RelabelRule {
  readonly action: RelabelAction;
  readonly sourceLabels: readonly string[];
  readonly separator: string;
  /** RE2, matched against the whole text. */
  readonly regex: string;
  /** For `hashmod`. */
  readonly modulus: number;
  readonly targetLabel: string;
  readonly replacement: string;
}

export const relabelDefaults: Omit<RelabelRule, 'sourceLabels' | 'targetLabel' | 'modulus'> = {
  action: 'replace',
  separator: ';',
  regex: '(.*)',
  replacement: '$1',
};

/** The label set after all rules; undefined when a rule drops it. */
export type Relabel = (labels: LabelRecord) => LabelRecord | undefined;

/** Throws an Error with RE2's message when an expression is not valid. */
export function compileRelabel(rules: readonly RelabelRule[]): Relabel {
  const steps = rules.map(compileRule);
  return (labels) => {
    const current = new Map(Object.entries(labels).filter(([, value]) => value !== ''));
    return steps.every((step) => step(current)) ? Object.fromEntries(current) : undefined;
  };
}

/** Changes the labels in place; false drops them. */
type Step = (labels: Map<string, string>) => boolean;

function compileRule(rule: RelabelRule): Step {
  const pattern = RE2JS.compile(`^(?s:${rule.regex})$`);
  const target = rule.targetLabel;
  const source = (labels: ReadonlyMap<string, string>) =>
    rule.sourceLabels.map((name) => labels.get(name) ?? '').join(rule.separator);
  switch (rule.action) {
    case 'keep':
      return (labels) => pattern.matches(source(labels));
    case 'drop':
      return (labels) => !pattern.matches(source(labels));
    case 'keepequal':
      return (labels) => (labels.get(target) ?? '') === source(labels);
    case 'dropequal':
      return (labels) => (labels.get(target) ?? '') !== source(labels);
    case 'replace':
      return replaceStep(rule, pattern, source);
    case 'hashmod':
      return changing((labels) => labels.set(target, String(hashOf(source(labels)) % BigInt(rule.modulus))));
    case 'lowercase':
      return changing((labels) => setLabel(labels, target, source(labels).toLowerCase()));
    case 'uppercase':
      return changing((labels) => setLabel(labels, target, source(labels).toUpperCase()));
    case 'labelmap':
      return labelmapStep(rule, pattern);
    case 'labeldrop':
      return changing((labels) => keepNames(labels, (name) => !pattern.matches(name)));
    case 'labelkeep':
      return changing((labels) => keepNames(labels, (name) => pattern.matches(name)));
  }
}

function changing(change: (labels: Map<string, string>) => void): Step {
  return (labels) => {
    change(labels);
    return true;
  };
}

function replaceStep(
  rule: RelabelRule,
  pattern: RE2JS,
  source: (labels: ReadonlyMap<string, string>) => string,
): Step {
  const target = new Template(rule.targetLabel);
  const replacement = new Template(rule.replacement);
  return changing((labels) => {
    const match = pattern.matcher(source(labels));
    if (!match.matches()) return;
    const name = target.expand(match);
    // A name that came out empty names no label.
    if (name !== '') setLabel(labels, name, replacement.expand(match));
  });
}

function labelmapStep(rule: RelabelRule, pattern: RE2JS): Step {
  const replacement = new Template(rule.replacement);
  return changing((labels) => {
    for (const [name, value] of [...labels]) {
      const match = pattern.matcher(name);
      if (match.matches()) setLabel(labels, replacement.expand(match), value);
    }
  });
}

/** An empty value is no label. */
function setLabel(labels: Map<string, string>, name: string, value: string): void {
  if (value === '') labels.delete(name);
  else labels.set(name, value);
}

function keepNames(labels: Map<string, string>, keep: (name: string) => boolean): void {
  for (const name of [...labels.keys()]) if (!keep(name)) labels.delete(name);
}

/** The last eight bytes of the MD5 sum, so that targets are spread exactly as Prometheus spreads them. */
function hashOf(text: string): bigint {
  return createHash('md5').update(text).digest().readBigUInt64BE(8);
}
