// Several trials of one drill: any fail fails, and a pass needs all of them, or as many as `minPass` says. A trial that
// was repeated because it was inconclusive counts with its last repetition.

import type { Half, TrialVerdict, Verdict } from '../verdict.ts';

export interface TrialRun {
  /** From 1; a repetition has the number of what it repeats. */
  readonly trial: number;
  readonly verdict: Verdict;
}

export interface TrialRules {
  readonly planned: number;
  /** So many must pass. */
  readonly minPass: number;
  /** What ended the drill between two trials: somebody who stopped it, or a trial that could not be begun. */
  readonly endedBy: 'stopped' | 'error' | null;
}

/** The verdict of the whole is that of one trial, the first that decides, with what all of them say together. */
export function judgeTrials(runs: readonly TrialRun[], rules: TrialRules): Verdict {
  const counted = runs.filter(
    ({ trial }, index) => !runs.slice(index + 1).some((later) => later.trial === trial),
  );
  const verdicts = counted.map(({ verdict }) => verdict);
  const verdict = wholeOf(
    verdicts.map((each) => each.verdict),
    rules,
  );
  const shown = decisive(verdicts, verdict);
  const half = (name: 'resilience' | 'detection') =>
    halfOf(
      verdicts.map((each) => each[name]),
      rules,
    );
  return {
    ...shown,
    verdict,
    resilience: half('resilience'),
    detection: half('detection'),
    reason: verdict !== shown.verdict && rules.endedBy ? `${rules.endedBy} between trials` : shown.reason,
    sentence: sentenceOf(counted, shown, rules),
    notUndone: [...new Set(verdicts.flatMap(({ notUndone }) => notUndone))],
    trials: runs.map((run) => trialOf(run, counted.includes(run))),
  };
}

function wholeOf(verdicts: readonly Verdict['verdict'][], rules: TrialRules): Verdict['verdict'] {
  for (const ending of ['error', 'stopped'] as const)
    if (rules.endedBy === ending || verdicts.includes(ending)) return ending;
  return together(verdicts, rules);
}

/** Null where no trial was asked. */
function halfOf(halves: readonly (Half | null)[], rules: TrialRules): Half | null {
  const asked = halves.filter((half) => half !== null);
  return asked.length === 0 ? null : together(asked, rules);
}

function together(verdicts: readonly string[], { minPass }: TrialRules): Half {
  if (verdicts.includes('fail')) return 'fail';
  return verdicts.filter((each) => each === 'pass').length >= minPass ? 'pass' : 'inconclusive';
}

const severity = ['pass', 'inconclusive', 'fail', 'stopped', 'error'];

/** The first trial that ended as the whole did; else the worst. */
function decisive(verdicts: readonly Verdict[], whole: Verdict['verdict']): Verdict {
  return (
    verdicts.find(({ verdict }) => verdict === whole) ??
    verdicts.reduce((worst, next) =>
      severity.indexOf(next.verdict) > severity.indexOf(worst.verdict) ? next : worst,
    )
  );
}

function sentenceOf(counted: readonly TrialRun[], shown: Verdict, { planned }: TrialRules): string {
  const passed = counted.filter(({ verdict }) => verdict.verdict === 'pass').length;
  const number = counted.find(({ verdict }) => verdict === shown)!.trial;
  if (planned === 1) return shown.sentence;
  const all = passed === planned ? `All ${planned} trials passed` : `${passed} of ${planned} trials passed`;
  return `${all}. Trial ${number}: ${shown.sentence}`;
}

function trialOf({ trial, verdict }: TrialRun, isCounted: boolean): TrialVerdict {
  const { run, resilience, detection, reason, sentence, startedAt, endedAt, report, runFolder } = verdict;
  return {
    ...{ trial, isCounted, run, verdict: verdict.verdict, resilience, detection, reason, sentence },
    ...{ startedAt, endedAt, report, runFolder },
  };
}
