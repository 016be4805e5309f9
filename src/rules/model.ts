// Rules as the rest of the house sees them: expressions and templates parsed, durations in milliseconds, the labels
// of a group merged into its rules.

import type { Diagnostic, Place } from '../base/diagnostics.ts';
import type { LabelRecord } from '../base/labels.ts';
import type { YamlPath } from '../base/yaml.ts';
import type { Expr } from '../promql/ast.ts';
import type { AlertTemplate } from './templates/alert-template.ts';

export interface RuleFile {
  readonly file: string;
  readonly groups: readonly RuleGroup[];
  /** What is not wrong but worth a look, such as a rule that is there twice. */
  readonly warnings: readonly Diagnostic[];
}

export interface RuleGroup {
  readonly name: string;
  readonly file: string;
  /** Undefined: the evaluation interval of the configuration. */
  readonly intervalMs: number | undefined;
  /** The expressions are evaluated this much before the time of the evaluation. */
  readonly queryOffsetMs: number;
  /** Series a recording rule, or alerts an alerting rule, may give; 0 for any number. */
  readonly limit: number;
  readonly rules: readonly Rule[];
}

export type Rule = RecordingRule | AlertingRule;

interface RuleBase {
  /** The metric that is recorded, or the alert's name. */
  readonly name: string;
  readonly expr: Expr;
  /** As it stands in the file. */
  readonly exprText: string;
  readonly labels: LabelRecord;
  /** Where the rule's name stands. */
  readonly place: Place;
  /** The place of `length` characters at `offset` of `exprText`. */
  placeInExpr(offset: number, length: number): Place;
  /** The place of a field such as ['annotations', 'summary'], or of characters inside its text. */
  placeOfField(path: YamlPath, offset?: number, length?: number): Place;
}

export interface RecordingRule extends RuleBase {
  readonly kind: 'recording';
}

export interface AlertingRule extends RuleBase {
  readonly kind: 'alerting';
  readonly forMs: number;
  readonly keepFiringForMs: number;
  readonly annotations: LabelRecord;
  readonly labelTemplates: readonly NamedTemplate[];
  readonly annotationTemplates: readonly NamedTemplate[];
}

export interface NamedTemplate {
  readonly name: string;
  readonly template: AlertTemplate;
}
