// From a verdict to the exit code of the command. What is still broken on the machine comes first, then what kept us
// from judging, then the judgement: precedence 6, 5, 4, 1, 3, 0.

import { type ExitCode, exitCodes } from '../../base/catalogue.ts';
import type { Half, Verdict } from '../verdict.ts';

export type Gate = 'resilience' | 'detection' | 'both';

type Gated = Pick<Verdict, 'verdict' | 'resilience' | 'detection' | 'reason' | 'notUndone'>;

/** `gate` names the half that decides; a half that the experiment does not ask about proves nothing. */
export function exitCodeOf(verdict: Gated, options: { readonly gate: Gate }): ExitCode {
  if (verdict.notUndone.length > 0) return exitCodes.notUndone;
  if (verdict.verdict === 'error') return exitCodes.toolError;
  if (verdict.verdict === 'stopped') return exitCodes.stopped;
  const decided: Half = options.gate === 'both' ? verdict.verdict : (verdict[options.gate] ?? 'inconclusive');
  if (decided === 'fail') return exitCodes.fail;
  // What makes the whole run inconclusive (an unsteady system, another hand) is true of each half.
  return decided === 'inconclusive' || verdict.reason !== null ? exitCodes.inconclusive : exitCodes.pass;
}
