// Alerts that nobody listed and that started in the run, and the run's warnings.

import type { CollateralAlert } from '../../../experiment/verdict.ts';
import { labelWords } from '../../describe-event.ts';
import { type Markup, markup } from '../markup.ts';
import { moment, section, verdictWord } from './item.ts';

export function collateralSection(collateral: readonly CollateralAlert[], zeroMs: number): Markup | false {
  if (collateral.length === 0) return false;
  return section(
    'collateral',
    'Other alerts that started',
    markup`<ul class="plain-list">${collateral.map(
      (alert) =>
        markup`<li>${verdictWord(words[alert.judgement], alert.judgement)} <strong>${alert.name}</strong><span class="labels">${labelWords(alert.labels)}</span> <span class="aside">firing at ${moment(alert.firingAt, zeroMs)}</span><p class="reason">${alert.reason}</p></li>`,
    )}</ul>`,
  );
}

const words: Record<CollateralAlert['judgement'], string> = {
  wrong: 'fails',
  warn: 'warning',
  note: 'allowed',
};

/** The one thing that a reader must act on at once. */
export function notUndoneAlarm(left: readonly string[]): Markup | false {
  if (left.length === 0) return false;
  return markup`<section class="alarm" aria-labelledby="not-undone-heading"><h2 id="not-undone-heading">A fault could not be undone</h2><p>This is left behind. <code>firedrill undo</code> tries again.</p><ul>${left.map((line) => markup`<li>${line}</li>`)}</ul></section>
`;
}

export function warningsSection(warnings: readonly string[]): Markup | false {
  if (warnings.length === 0) return false;
  return section(
    'warnings',
    'Warnings',
    markup`<ul class="plain-list">${warnings.map((warning) => markup`<li>${verdictWord('warning', 'warn')} ${warning}</li>`)}</ul>`,
  );
}
