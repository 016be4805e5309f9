import pc from 'picocolors';
import { exitCodes } from '../base/catalogue.ts';
import { type Diagnostic, formatDiagnostic, UserError } from '../base/diagnostics.ts';

/** Writes what went wrong to stderr: a user's mistakes as diagnostics, a bug of ours with its stack. The exit code. */
export function showFailure(error: unknown): number {
  if (error instanceof UserError) {
    showDiagnostics(error.diagnostics);
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `${pc.red('firedrill failed; this is a bug in firedrill, please report it:')}\n${stack}\n`,
  );
  return exitCodes.toolError;
}

export function showDiagnostics(diagnostics: readonly Diagnostic[]): void {
  for (const diagnostic of diagnostics) {
    const [first, ...rest] = formatDiagnostic(diagnostic).split('\n');
    const colour = diagnostic.severity === 'error' ? pc.red : pc.yellow;
    process.stderr.write(`${[colour(first!), ...rest].join('\n')}\n`);
  }
}
