// The trials of a drill in words, the same in every report.

import type { Judgement, TrialVerdict, Verdict } from '../experiment/verdict.ts';

/** `trial 2`, and of one that was repeated that it does not count. */
export function trialName({ trial, isCounted }: TrialVerdict): string {
  return `trial ${trial}${isCounted ? '' : ', repeated'}`;
}

/** What failed, was stopped or broke off is wrong here: none of it is a trial that passed. */
export function trialJudgement({ verdict, isCounted }: TrialVerdict): Judgement {
  if (!isCounted) return 'note';
  if (verdict === 'pass') return 'right';
  return verdict === 'inconclusive' ? 'inconclusive' : 'wrong';
}

/** Where a trial's own report is, from the folder of the whole; null where it has none. */
export function trialLink({ run, report }: TrialVerdict): string | null {
  return report === null ? null : `trials/${encodeURIComponent(run)}/report.html`;
}

/** None of a single run. */
export function trialsOf({ trials }: Verdict): readonly TrialVerdict[] {
  return trials ?? [];
}
