// Results as JUnit XML in promtool's shape: a suite is a file, a case a test.

import { formatDiagnostic } from '../../base/diagnostics.ts';
import { failureText, plainText } from './failure-text.ts';
import { type FileResult, hasFailed } from './run.ts';

/** `startedMs`: Unix milliseconds. */
export function unitTestJunit(files: readonly FileResult[], startedMs: number): string {
  const timestamp = new Date(startedMs).toISOString().slice(0, 19);
  const lines = files.flatMap((file) => suite(file, timestamp));
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...lines, '</testsuites>', ''].join('\n');
}

function suite(result: FileResult, timestamp: string): string[] {
  const { file, diagnostics, tests } = result;
  const failures = tests.filter((test) => test.failures.length > 0).length;
  const aborted = hasFailed(result) && tests.length === 0;
  const totalMs = tests.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const counts = `tests="${aborted ? 1 : tests.length}" failures="${failures}" errors="${aborted ? 1 : 0}" skipped="0"`;
  const cases = tests.flatMap(({ test, failures, durationMs }) => {
    const open = `    <testcase name=${quoted(test.title)} classname=${quoted(file)} time="${seconds(durationMs)}"`;
    if (failures.length === 0) return [`${open}/>`];
    const texts = failures.map(
      (failure) => `      <failure>${escaped(failureText(failure, '', plainText))}</failure>`,
    );
    return [`${open}>`, ...texts, '    </testcase>'];
  });
  const error = diagnostics.map(formatDiagnostic).join('\n');
  return [
    `  <testsuite name=${quoted(file)} ${counts} time="${seconds(totalMs)}" timestamp="${timestamp}">`,
    ...(aborted
      ? ['    <testcase name="unknown">', `      <error>${escaped(error)}</error>`, '    </testcase>']
      : cases),
    '  </testsuite>',
  ];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '&quot;').replaceAll('\n', '&#10;')}"`;
}

/** Characters that XML cannot hold become U+FFFD. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
