// Workflow commands of GitHub Actions on standard output, which become annotations beside the lines
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).

import type { Diagnostic } from '../base/diagnostics.ts';
import { visibleLines } from './plain-text.ts';

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

export function annotationText({ level, title, message, file, line, column }: Annotation): string {
  const properties = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(column === undefined ? [] : [`col=${column}`]),
    `title=${property(title)}`,
  ];
  return `::${level} ${properties.join(',')}::${data(message)}\n`;
}

export function diagnosticAnnotations(diagnostics: readonly Diagnostic[]): string {
  return diagnostics
    .map(({ code, severity, message, at, expected }) =>
      annotationText({
        level: severity,
        title: code,
        message: expected ? `${message}\nexpected: ${expected}` : message,
        ...(at && { file: at.file, line: at.line, column: at.column }),
      }),
    )
    .join('');
}

function data(text: string): string {
  return visibleLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
