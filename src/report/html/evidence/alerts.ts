// One card an alert: what it owed, what it did, and the facts.

import type { AlertSpec } from '../../../experiment/model.ts';
import type { AlertVerdict, Evidence, Verdict } from '../../../experiment/verdict.ts';
import { labelWords } from '../../describe-event.ts';
import { besideHops, longDuration } from '../../hop-words.ts';
import type { ReportInput } from '../../input.ts';
import { assumptionWords, projectionLine } from '../../projection-words.ts';
import { type Markup, markup } from '../markup.ts';
import { specOf } from '../timeline/timeline.ts';
import { hopTrack } from './hops.ts';
import { evidenceList, section, verdictWord } from './item.ts';

export function alertsSection({ verdict, experiment }: ReportInput, zeroMs: number): Markup | false {
  if (verdict.alerts.length === 0) return false;
  return section(
    'alerts',
    'Alerts',
    verdict.alerts.map(
      (alert) => markup`<article class="card">
<header><h3>${alert.name}<span class="labels">${labelWords(alert.labels)}</span></h3>${verdictWord(alert.verdict, alert.judgement)}</header>
<p class="reason">${alert.reason}</p>
<p class="aside">${duty(alert)}</p>
${projected(alert, zeroMs)}
${way(alert, specOf(alert, experiment.alerts), verdict.times, zeroMs)}
${alert.notes.length > 0 && markup`<ul class="notes">${alert.notes.map((note) => markup`<li><strong>${noteNames[note.kind]}</strong> ${note.text}</li>`)}</ul>`}
${evidenceList(factsOf(alert), zeroMs)}
</article>
`,
    ),
  );
}

/** What nobody saw, and what it assumes. */
function projected(alert: AlertVerdict, zeroMs: number): Markup | false {
  const line = projectionLine(alert, zeroMs);
  const { projection } = alert.predicted ?? {};
  const assumed = projection ? assumptionWords(projection) : alert.projected;
  if (assumed === null) return false;
  return markup`<p class="aside"><strong>Projected, not observed.</strong> ${line === undefined ? assumed : `If ${assumed}: ${line}.`}</p>`;
}

/** What neither the hops nor the sentence in their place tell already. */
function factsOf(alert: AlertVerdict): Evidence[] {
  return wasOnItsWay(alert)
    ? besideHops(alert.evidence, alert.hops)
    : alert.evidence.filter(({ label }) => label !== 'worst case');
}

/** The hops, or, where none was taken, how long they would take at worst. */
function way(
  alert: AlertVerdict,
  spec: AlertSpec | undefined,
  bounds: Verdict['times'],
  zeroMs: number,
): Markup | false {
  if (wasOnItsWay(alert)) return hopTrack(alert, spec, bounds, zeroMs);
  if (alert.predicted === null) return false;
  const { firingMs, notifiedMs } = alert.predicted;
  return markup`<p class="aside">Had it been needed: firing after at most ${longDuration(firingMs)}, told after at most ${longDuration(notifiedMs)}, by its own settings.</p>`;
}

/** Of an alert that nothing happened to there is no way to show. */
function wasOnItsWay({ times }: AlertVerdict): boolean {
  return Object.values(times).some((time) => time !== null);
}

const noteNames: Record<AlertVerdict['notes'][number]['kind'], string> = {
  flapping: 'Flapping.',
  lucky: 'Lucky.',
  'missing-runbook': 'No runbook.',
  'missing-summary': 'No summary.',
};

const duties: Record<AlertVerdict['expect'], string> = {
  follows: 'Owes: to ring once what it guards is broken, and to stay quiet otherwise.',
  rings: 'Owes: to ring after the injection.',
  quiet: 'Owes: to stay quiet.',
  any: 'Owes nothing: it is only reported.',
};

function duty(alert: AlertVerdict): string {
  const guards = alert.guards.length > 0 ? ` Guards ${alert.guards.join(', ')}.` : '';
  const told = alert.receivers.length > 0 ? ` Told: ${alert.receivers.join(', ')}.` : '';
  return `${duties[alert.expect]}${guards}${told}`;
}
