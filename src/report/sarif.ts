// Diagnostics of files as SARIF 2.1.0, which GitHub's code scanning and editors show beside the lines
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).

import { relative, sep } from 'node:path';
import { catalogue } from '../base/catalogue.ts';
import type { Diagnostic } from '../base/diagnostics.ts';

export interface SarifOptions {
  readonly version: string;
  /** Files below it are named from there. */
  readonly root: string;
}

export function renderSarif(diagnostics: readonly Diagnostic[], { version, root }: SarifOptions): string {
  const codes = [...new Set(diagnostics.map(({ code }) => code))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'firedrill',
            version,
            rules: codes.map((code) => {
              const entry: { readonly title: string; readonly hint?: string } = catalogue[code];
              return {
                id: code,
                shortDescription: { text: entry.title },
                ...(entry.hint && { help: { text: entry.hint } }),
              };
            }),
          },
        },
        // Columns count characters, as diagnostics do.
        columnKind: 'unicodeCodePoints',
        results: diagnostics.map((diagnostic) => ({
          ruleId: diagnostic.code,
          ruleIndex: codes.indexOf(diagnostic.code),
          level: diagnostic.severity,
          message: { text: messageOf(diagnostic) },
          locations: locationsOf(diagnostic, root),
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function messageOf({ message, expected, hint }: Diagnostic): string {
  return [message, ...(expected ? [`expected: ${expected}`] : []), ...(hint ? [hint] : [])].join('\n');
}

function locationsOf({ at }: Diagnostic, root: string): unknown[] {
  if (!at) return [];
  const region = {
    startLine: at.line,
    startColumn: at.column,
    ...(at.length !== undefined && { endColumn: at.column + at.length }),
  };
  return [{ physicalLocation: { artifactLocation: { uri: uriOf(at.file, root) }, region } }];
}

function uriOf(file: string, root: string): string {
  const path = relative(root, file);
  const shown = path.startsWith('..') ? file : path;
  return encodeURI(shown.split(sep).join('/'));
}
