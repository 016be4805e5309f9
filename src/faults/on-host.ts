// What a fault may do to the machine itself. Each refusal that `--allow` lifts has a code of its own.

import { UserError } from '../base/diagnostics.ts';
import type { FaultKind } from './fault.ts';

/** FD600 when the kind does not act on a machine as a whole; every refusal that was not lifted, at once. */
export function checkOnHost<Spec>(
  kind: FaultKind<Spec>,
  fault: string,
  spec: Spec,
  allowed: ReadonlySet<string>,
): void {
  if (!kind.onHost) {
    const why = kind.whyNotOnHost === undefined ? '' : `: ${kind.whyNotOnHost}`;
    throw UserError.of('FD600', `${kind.kind} does not act on the machine itself${why}`);
  }
  const refused = kind.onHost(spec).filter(({ code }) => !allowed.has(code));
  if (refused.length === 0) return;
  throw new UserError(
    refused.map(({ code, message }) => ({ code, severity: 'error', message: `${fault}: ${message}` })),
  );
}
