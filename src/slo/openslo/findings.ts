// What is found wrong or noteworthy beyond the schema, with its place.

import type { ErrorCode } from '../../base/catalogue.ts';
import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';

export class Findings {
  readonly diagnostics: Diagnostic[] = [];

  error(code: ErrorCode, message: string, document: YamlDocument, path: YamlPath, expected?: string): void {
    this.#add('error', code, message, document.placeOf(path), expected);
  }

  warn(code: ErrorCode, message: string, document: YamlDocument, path: YamlPath, expected?: string): void {
    this.#add('warning', code, message, document.placeOf(path), expected);
  }

  /** Inside the text that stands at `path`. */
  errorInside(
    code: ErrorCode,
    message: string,
    document: YamlDocument,
    path: YamlPath,
    { start, end }: { readonly start: number; readonly end: number },
  ): void {
    this.#add('error', code, message, document.placeInside(path, start, Math.max(1, end - start)), undefined);
  }

  #add(
    severity: Diagnostic['severity'],
    code: ErrorCode,
    message: string,
    at: Place,
    expected: string | undefined,
  ): void {
    this.diagnostics.push({ code, severity, message, at, ...(expected !== undefined && { expected }) });
  }
}
