// A drill of several trials: each is a whole run from a fresh baseline, in a folder of its own below the drill's, and
// begins when the windows of a remote source have forgotten the one before.

import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { humanDuration } from '../base/duration.ts';
import { seededRandom } from '../base/random.ts';
import { judgeTrials, type TrialRules } from '../experiment/judge/trials.ts';
import { createTrialsFolder, type RunFolder, writeRunFiles } from '../experiment/run/folder.ts';
import { renderHtml } from '../report/html/render.ts';
import { orderedVerdict, renderJson } from '../report/json.ts';
import type { DrillResult, UserStop } from './drill.ts';

export interface Trials extends Pick<TrialRules, 'planned' | 'minPass'> {
  /** Of the experiment. */
  readonly name: string;
  /** How often each trial may be repeated that was inconclusive. */
  readonly retriesMax: number;
}

export interface Trial {
  readonly trial: number;
  readonly runs: string;
  readonly stop: UserStop;
}

export interface TrialResult extends DrillResult {
  /** How long after its end the next one may begin. */
  readonly forgetMs: number;
}

/** What the whole came to; the first trial that fails, or is stopped, is the last. */
export async function runTrials(
  trials: Trials,
  drill: (trial: Trial) => Promise<TrialResult>,
  runs: string,
  stop: UserStop,
): Promise<DrillResult> {
  const startedAt = systemClock.now();
  const folder = await createTrialsFolder(
    runs,
    trials.name,
    startedAt,
    seededRandom(startedAt + process.pid),
  );
  const results: (TrialResult & { readonly trial: number })[] = [];
  for (const trial of numbersOf(trials.planned)) {
    for (let attempt = 0; attempt <= trials.retriesMax; attempt++) {
      await forget(results.at(-1), stop);
      if (stop.stop.aborted && results.length > 0) return together(results, trials, folder, 'stopped');
      tell(trial, attempt, trials);
      const result = await drill({ trial, runs: folder.trials, stop }).catch((error: unknown) => {
        if (results.length === 0 || !(error instanceof UserError)) throw error;
        return error;
      });
      if (result instanceof UserError) return together(results, trials, folder, 'error', result);
      results.push({ ...result, trial });
      if (result.verdict.verdict !== 'inconclusive') break;
    }
    if (!['pass', 'inconclusive'].includes(results.at(-1)!.verdict.verdict)) break;
  }
  return together(results, trials, folder, null);
}

function numbersOf(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function tell(trial: number, attempt: number, { planned }: Trials): void {
  const again = attempt === 0 ? '' : `, repeated because it was inconclusive (${attempt})`;
  process.stderr.write(`trial ${trial} of ${planned}${again}\n`);
}

/** Waits until no window of a remote source holds the fault any more. */
async function forget(last: TrialResult | undefined, { stop }: UserStop): Promise<void> {
  if (!last || last.verdict.times.injected === null) return;
  const freeAt = (last.verdict.times.undone ?? last.verdict.endedAt) + last.forgetMs;
  const waitMs = freeAt - systemClock.now();
  if (last.forgetMs === 0 || waitMs <= 0) return;
  process.stderr.write(`waiting ${humanDuration(waitMs)}, until windows have forgotten the last trial\n`);
  // A second more: the fault's end is known to the sample.
  await systemClock.sleep(waitMs + 1000, stop);
}

async function together(
  results: readonly (TrialResult & { readonly trial: number })[],
  trials: Trials,
  folder: RunFolder,
  endedBy: TrialRules['endedBy'],
  failure?: UserError,
): Promise<DrillResult> {
  const judged = judgeTrials(results, { ...trials, endedBy });
  const shown = results.find(({ verdict }) => verdict.run === judged.run)!;
  const verdict = { ...judged, runFolder: folder.path, report: folder.report };
  const input = { ...shown, verdict };
  const { secrets } = shown.experiment;
  const unwritten = await writeRunFiles(folder, [
    [folder.verdict, renderJson(verdict, secrets)],
    [folder.report, renderHtml(input)],
  ]).then(
    () => undefined,
    (error: DrillResult['failure']) => error,
  );
  return {
    ...input,
    verdict: orderedVerdict({ ...verdict, report: unwritten ? null : folder.report }, secrets),
    failure: failure ?? results.find((result) => result.failure)?.failure ?? unwritten,
  };
}
