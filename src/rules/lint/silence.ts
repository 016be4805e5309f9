// Comments that silence lints: `# firedrill: ignore FD313` inside a rule or right above it, for that rule; and
// `# firedrill: ignore-file FD313` anywhere, for the file. What stands behind the codes is for the reader.

import { catalogue, type ErrorCode } from '../../base/catalogue.ts';
import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import type { Rule, RuleFile } from '../model.ts';
import type { Finding } from './finding.ts';

export interface Silences {
  isSilenced(finding: Finding, rule: Rule): boolean;
  /** Comments that silence nothing: no code, an unknown one, or no rule. */
  readonly mistakes: readonly Diagnostic[];
}

interface Comment {
  readonly wholeFile: boolean;
  readonly codes: readonly string[];
  readonly line: number;
  readonly column: number;
  /** Nothing else stands on the line. */
  readonly alone: boolean;
  readonly at: Place;
}

const pattern = /#\s*firedrill:\s*ignore(-file)?\b[ \t]*((?:[A-Z]{2}\d+[\s,]*)*)/;

export function readSilences(file: RuleFile, text: string): Silences {
  const lines = text.split('\n');
  const comments = lines.flatMap((line, i) => commentOf(file.file, line, i + 1));
  const rules = file.groups.flatMap((group) => group.rules);
  const starts = rules.map((rule) => rule.placeOfField([]));
  const byRule = new Map<Rule, Set<string>>();
  const ofFile = new Set<string>();
  const mistakes: Diagnostic[] = [];
  for (const comment of comments) {
    const unknown = comment.codes.filter((code) => !isLint(code));
    const rule = comment.wholeFile ? undefined : rules[ruleIndexOf(comment, starts, lines)];
    if (comment.codes.length === 0) mistakes.push(mistake(comment, 'names no code'));
    else if (unknown.length > 0) mistakes.push(mistake(comment, `${unknown.join(', ')} is no lint of rules`));
    else if (!comment.wholeFile && !rule) mistakes.push(mistake(comment, 'belongs to no rule'));
    const codes = rule ? (byRule.get(rule) ?? new Set<string>()) : ofFile;
    if (rule || comment.wholeFile) for (const code of comment.codes) codes.add(code);
    if (rule) byRule.set(rule, codes);
  }
  return {
    isSilenced: ({ code }, rule) => ofFile.has(code) || (byRule.get(rule)?.has(code) ?? false),
    mistakes,
  };
}

function commentOf(file: string, line: string, number: number): Comment[] {
  const match = pattern.exec(line);
  if (!match) return [];
  const text = line.replace(/\r$/, '');
  const column = [...text.slice(0, match.index)].length + 1;
  return [
    {
      wholeFile: match[1] !== undefined,
      codes: match[2]!.split(/[\s,]+/).filter((code) => code !== ''),
      line: number,
      column,
      alone: text.slice(0, match.index).trim() === '',
      at: { file, line: number, column, length: match[0].trimEnd().length, text },
    },
  ];
}

/** Lints of rules stand between FD305 and FD322. */
function isLint(code: string): code is ErrorCode {
  const number = Number(code.slice(2));
  return Object.hasOwn(catalogue, code) && number >= 305 && number < 322;
}

/** -1 for none. */
function ruleIndexOf(comment: Comment, starts: readonly Place[], lines: readonly string[]): number {
  const below = comment.alone ? nextContent(lines, comment.line) : undefined;
  const above = starts.findIndex(({ line }) => line === below);
  if (above >= 0) return above;
  const within = starts.findLastIndex(({ line }) => line <= comment.line);
  const start = starts[within];
  // Further left than the rule's own keys stands what follows the rule.
  return start && (!comment.alone || comment.column >= start.column) ? within : -1;
}

/** The number of the next line that is not empty and no comment. */
function nextContent(lines: readonly string[], from: number): number | undefined {
  const index = lines.findIndex((line, i) => i >= from && !/^\s*(?:#|$)/.test(line));
  return index < 0 ? undefined : index + 1;
}

function mistake({ at }: Comment, message: string): Diagnostic {
  return { code: 'FD322', severity: 'warning', message: `the comment ${message}`, at };
}
