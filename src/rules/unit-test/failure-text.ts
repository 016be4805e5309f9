// A failure as text, in promtool's form, with its place in the file and with what exactly differs.

import { formatDiagnostic, type Place } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import { alertDifferences, sampleDifferences } from './differences.ts';
import type { Failure, FiringAlert, Sample } from './failure.ts';
import { type DiffLine, lineDiff } from './line-diff.ts';
import { recordText, sampleText } from './value-text.ts';

export interface FailureTextOptions {
  /** Lines of a difference instead of both sides. */
  readonly diff: boolean;
  /** How a line of a difference is painted. */
  paint(line: string, sign: DiffLine['sign']): string;
}

export const plainText: FailureTextOptions = { diff: false, paint: (line) => line };

/** `name` is that of the test, or ''. */
export function failureText(failure: Failure, name: string, options: FailureTextOptions): string {
  const title = name === '' ? '' : `    name: ${name},\n`;
  switch (failure.kind) {
    case 'error':
      return `${title}    ${position(failure.place)}${failure.message}`;
    case 'rule-files':
      return failure.diagnostics.map(formatDiagnostic).join('\n');
    case 'rule': {
      const { rule, atMs, reason } = failure;
      return `${title}    rule: ${rule}, time: ${formatDuration(atMs)}, err: ${reason}`;
    }
    case 'query': {
      const { expr, evalMs, reason, place } = failure;
      return `${title}    expr: ${JSON.stringify(expr)}, time: ${formatDuration(evalMs)}, at: ${at(place)}, err: ${reason}`;
    }
    case 'alerts': {
      const { alertname, evalMs, place, expected, got } = failure;
      const head = `${title}    alertname: ${alertname}, time: ${formatDuration(evalMs)}, at: ${at(place)},`;
      const differs = alertDifferences(expected, got);
      if (options.diff) return withDiff(head, alertLines(expected), alertLines(got), differs, options);
      return `${head}\n        exp:${alertsText(expected)},\n        got:${alertsText(got)}${differing(differs)}`;
    }
    case 'samples': {
      const { expr, evalMs, place, expected, got } = failure;
      const head = `${title}    expr: ${JSON.stringify(expr)}, time: ${formatDuration(evalMs)}, at: ${at(place)},`;
      const differs = sampleDifferences(expected, got);
      if (options.diff)
        return withDiff(head, expected.map(sampleText), got.map(sampleText), differs, options);
      return `${head}\n        exp: ${samplesText(expected)}\n        got: ${samplesText(got)}${differing(differs)}`;
    }
  }
}

function at({ file, line }: Place): string {
  return `${file}:${line}`;
}

function position(place: Place | undefined): string {
  return place ? `${place.file}:${place.line}:${place.column}: ` : '';
}

function differing(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n        differs: ${lines.join('\n                 ')}`;
}

function withDiff(
  head: string,
  expected: readonly string[],
  got: readonly string[],
  differs: readonly string[],
  { paint }: FailureTextOptions,
): string {
  const lines = lineDiff(expected, got).map(
    ({ sign, text }) => `            ${paint(`${sign} ${text}`, sign)}`,
  );
  return `${head}\n        diff (- expected, + got):\n${lines.join('\n')}${differing(differs)}`;
}

function alertsText(alerts: readonly FiringAlert[]): string {
  if (alerts.length === 0) return '[]';
  const texts = alerts.map(
    ({ labels, annotations }, i) =>
      `            ${i}:\n              Labels:${recordText(labels)}\n              Annotations:${recordText(annotations)}`,
  );
  return `[\n${texts.join(',\n')}\n            ]`;
}

function samplesText(samples: readonly Sample[]): string {
  return samples.length === 0 ? 'nil' : samples.map(sampleText).join(', ');
}

function alertLines(alerts: readonly FiringAlert[]): string[] {
  const lines = (record: Readonly<Record<string, string>>) =>
    Object.keys(record)
      .sort()
      .map((name) => `    ${name}: ${JSON.stringify(record[name])}`);
  return alerts.flatMap(({ labels, annotations }) => [
    'alert:',
    '  labels:',
    ...lines(labels),
    '  annotations:',
    ...lines(annotations),
  ]);
}
