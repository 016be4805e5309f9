// The trials of a drill: what each came to, with the way to its own report. The rest of the page is about one of them.

import { humanDuration } from '../../../base/duration.ts';
import type { TrialVerdict, Verdict } from '../../../experiment/verdict.ts';
import { wallTime } from '../../moment.ts';
import { halfWord } from '../../standing.ts';
import { trialJudgement, trialLink, trialName, trialsOf } from '../../trials.ts';
import { type Markup, markup } from '../markup.ts';
import { cell, section, verdictWord } from './item.ts';

export function trialsSection(verdict: Verdict): Markup | false {
  const trials = trialsOf(verdict);
  if (trials.length === 0) return false;
  return section(
    'trials',
    'Trials',
    markup`<table class="items">
<thead><tr><th scope="col">Trial</th><th scope="col">Verdict</th><th scope="col">Resilience</th><th scope="col">Detection</th><th scope="col">Began</th><th scope="col">Took</th></tr></thead>
${trials.map((trial) => row(trial, verdict))}
</table>`,
  );
}

function row(trial: TrialVerdict, whole: Verdict): Markup {
  const link = trialLink(trial);
  const name = trialName(trial);
  const word = trial.reason === null ? trial.verdict : `${trial.verdict}: ${trial.reason}`;
  return markup`<tbody>
<tr><th scope="row">${link === null ? name : markup`<a href="${link}">${name}</a>`}</th>${cell('Verdict', verdictWord(word, trialJudgement(trial, whole)))}${cell('Resilience', halfWord(trial.resilience))}${cell('Detection', halfWord(trial.detection))}${cell('Began', `${wallTime(trial.startedAt)} UTC`)}${cell('Took', humanDuration(trial.endedAt - trial.startedAt))}</tr>
<tr class="detail"><td colspan="6"><p class="reason">${trial.sentence}${trial.run === whole.run && ' The rest of this page is about this trial.'}</p></td></tr>
</tbody>
`;
}
