// What every judged item has in common: a verdict word, a sentence, and the facts behind it.

import type { Evidence, Judgement } from '../../../experiment/verdict.ts';
import { relativeTime, wallTime } from '../../moment.ts';
import { standingOf } from '../../standing.ts';
import { type Markup, markup } from '../markup.ts';

export function verdictWord(word: string, judgement: Judgement): Markup {
  const { mark, tone } = standingOf(judgement);
  return markup`<span class="word tone-${tone}"><span aria-hidden="true">${mark}</span> ${word}</span>`;
}

/** `T+8.2s` with the wall-clock time on hover, or a dash. */
export function moment(atMs: number | null, zeroMs: number): Markup {
  if (atMs === null) return markup`<span class="none">–</span>`;
  return markup`<time datetime="${new Date(atMs).toISOString()}" title="${wallTime(atMs)} UTC">${relativeTime(atMs, zeroMs)}</time>`;
}

export function evidenceList(evidence: readonly Evidence[], zeroMs: number): Markup | false {
  if (evidence.length === 0) return false;
  return markup`<dl class="evidence">${evidence.map(
    ({ label, value, at }) =>
      markup`<div><dt>${label}</dt><dd>${value}${at !== undefined && markup` <span class="aside">${moment(at, zeroMs)}</span>`}</dd></div>`,
  )}</dl>`;
}

/** A cell that carries its column's name for the narrow layout, where the table's head is not shown. */
export function cell(column: string, content: Markup | string): Markup {
  return markup`<td data-column="${column}">${content}</td>`;
}

export function section(id: string, title: string, content: Markup | readonly Markup[]): Markup {
  return markup`<section aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${title}</h2>
${content}
</section>`;
}
