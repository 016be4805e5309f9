// The trials of a drill in words, the same in every report.

import type { Judgement, TrialVerdict, Verdict } from '../experiment/verdict.ts';

/** `trial 2`, and of one that was repeated that it does not count. */
export function trialName({ trial, isCounted }: TrialVerdict): string {
  return `trial ${trial}${isCounted ? '' : ', repeated'}`;
}

/** How a trial counts in the whole: what failed, was stopped or broke off is wrong; `minPass` may allow an inconclusive one. */
export function trialJudgement({ verdict, isCounted }: TrialVerdict, whole: Verdict): Judgement {
  if (!isCounted) return 'note';
  if (verdict === 'pass') return 'right';
  if (verdict !== 'inconclusive') return 'wrong';
  return whole.verdict === 'pass' ? 'warn' : 'inconclusive';
}

/** Where a trial's own report is, from the folder of the whole; null where it has none. */
export function trialLink({ run, report }: TrialVerdict): string | null {
  return report === null ? null : `trials/${encodeURIComponent(run)}/report.html`;
}

/** None of a single run. */
export function trialsOf({ trials }: Verdict): readonly TrialVerdict[] {
  return trials ?? [];
}
