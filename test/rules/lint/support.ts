import { UserError } from '../../../src/base/diagnostics.ts';
import { readRuleFile } from '../../../src/rules/file.ts';
import type { Lint, LintContext } from '../../../src/rules/lint/finding.ts';
import { lintRuleFile } from '../../../src/rules/lint/lint.ts';

/** What the lint says of a rule file, a line each: `FD310 error 3:13 message`. */
export async function linesOf(
  text: string,
  context: Partial<LintContext> = {},
  lints?: readonly Lint[],
): Promise<string[]> {
  const read = readRuleFile('rules.yml', text);
  if (!read.ok) throw new UserError(read.diagnostics);
  const whole = { files: [read.value], ...context };
  const found = await lintRuleFile(read.value, text, whole, lints);
  return found.map(
    ({ code, severity, message, at }) => `${code} ${severity} ${at?.line}:${at?.column} ${message}`,
  );
}

/** One alert with this expression, on one line each; `more` are further fields of it. */
export function alertOf(expr: string, more: Readonly<Record<string, unknown>> = {}): string {
  const fields = { alert: 'A', expr, ...more };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `groups:\n  - name: g\n    rules:\n      - ${lines.join('\n        ')}\n`;
}

/** The codes and severities that one alert's expression gets. */
export async function verdictsOn(
  expr: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const lines = await linesOf(alertOf(expr, more));
  return lines.map((line) => line.split(' ').slice(0, 2).join(' ')).join(', ');
}
