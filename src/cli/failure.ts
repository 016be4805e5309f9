import { exitCodes } from '../base/catalogue.ts';
import { type Diagnostic, formatDiagnostic, UserError } from '../base/diagnostics.ts';
import { colorsOf } from './color.ts';

/** Writes what went wrong to stderr: a user's mistakes as diagnostics, a bug of ours with its stack. The exit code. */
export function showFailure(error: unknown): number {
  if (error instanceof UserError) {
    showDiagnostics(error.diagnostics);
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `${colorsOf(process.stderr).red('firedrill failed; this is a bug in firedrill, please report it:')}\n${stack}\n`,
  );
  return exitCodes.toolError;
}

export function showDiagnostics(diagnostics: readonly Diagnostic[]): void {
  const { red, yellow } = colorsOf(process.stderr);
  for (const diagnostic of diagnostics) {
    const [first, ...rest] = formatDiagnostic(diagnostic).split('\n');
    const colour = diagnostic.severity === 'error' ? red : yellow;
    process.stderr.write(`${[colour(first!), ...rest].join('\n')}\n`);
  }
}
