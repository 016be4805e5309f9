// The top of the page: the question that the drill asked, the answer in one sentence, the two halves, and the few
// numbers that a reader asks for next.

import { humanDuration } from '../../base/duration.ts';
import type { AlertVerdict, Half, Verdict } from '../../experiment/verdict.ts';
import { calendarDay, wallTime } from '../moment.ts';
import { halfWord, runStanding, shortReason } from '../standing.ts';
import { brand } from './brand.ts';
import { type Markup, markup } from './markup.ts';
import { hitWords } from './timeline/fault-lane.ts';

/** `warmed` says what long windows looked back on; undefined where none did. */
export function headline(verdict: Verdict, warmed: string | undefined): Markup {
  const { tone } = runStanding(verdict.verdict);
  return markup`<header class="headline tone-${tone}">
<p class="eyebrow">${brand} <span>${verdict.name}</span></p>
<p class="question">${verdict.title}</p>
${sentence(verdict.sentence)}
<div class="badges">${runBadge(verdict)}${badge('Resilience', verdict.resilience)}${badge('Detection', verdict.detection)}</div>
${facts(verdict)}
<p class="when">${calendarDay(verdict.startedAt)}, ${wallTime(verdict.startedAt)} to ${wallTime(verdict.endedAt)} UTC <span class="aside">(${humanDuration(verdict.endedAt - verdict.startedAt)})</span>${warmed !== undefined && markup`<br>${warmed}`}</p>
</header>`;
}

/** What a program said is quoted below the sentence as it was. */
function sentence(text: string): Markup {
  const [first = '', ...quoted] = text.split('\n');
  return markup`<h1>${first}</h1>${quoted.length > 0 && markup`\n<pre class="quoted">${quoted.join('\n')}</pre>`}`;
}

const unusual = new Set<Verdict['verdict']>(['stopped', 'error']);

/** The run's own badge is only shown where the halves do not say it all. */
function runBadge(verdict: Verdict): Markup | false {
  const isAsked = verdict.resilience !== null || verdict.detection !== null;
  if (isAsked && !unusual.has(verdict.verdict) && verdict.reason === null) return false;
  const { mark, tone } = runStanding(verdict.verdict);
  const reason = shortReason(verdict);
  const word = reason === undefined ? verdict.verdict : `${verdict.verdict}: ${reason}`;
  return markup`<div class="badge tone-${tone}"><span class="badge-name">Run</span><span class="badge-word"><span class="mark-text" aria-hidden="true">${mark}</span> ${word}</span></div>`;
}

function badge(name: string, half: Half | null): Markup {
  const { mark, tone } = runStanding(half);
  return markup`<div class="badge tone-${tone}"><span class="badge-name">${name}</span><span class="badge-word"><span class="mark-text" aria-hidden="true">${mark}</span> ${halfWord(half)}</span></div>`;
}

interface Fact {
  readonly name: string;
  readonly value: string;
  readonly detail: string;
}

function facts(verdict: Verdict): Markup | false {
  const { injected, undone } = verdict.times;
  if (injected === null) return false;
  const list = [
    faultFact(verdict, undone === null ? null : undone - injected),
    breachFact(verdict, injected),
    toldFact(verdict.alerts),
    recoveryFact(verdict, undone),
  ].filter((fact): fact is Fact => fact !== undefined);
  return markup`<dl class="facts">${list.map(
    ({ name, value, detail }) =>
      markup`<div><dt>${name}</dt><dd><strong>${value}</strong> ${detail}</dd></div>`,
  )}</dl>`;
}

function faultFact(verdict: Verdict, lastedMs: number | null): Fact {
  const counted = verdict.faults.filter((fault) => fault.hits !== null);
  const hits = counted.reduce((sum, fault) => sum + (fault.hits ?? 0), 0);
  return {
    name: verdict.faults.length === 1 ? verdict.faults[0]!.kind : `${verdict.faults.length} faults`,
    value: counted.length === 0 ? 'hits not counted' : hitWords(hits),
    detail: lastedMs === null ? '' : `in ${humanDuration(lastedMs)}`,
  };
}

function earliest(times: readonly (number | null)[]): number | undefined {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? undefined : Math.min(...known);
}

function breachFact(verdict: Verdict, injected: number): Fact | undefined {
  if (verdict.objectives.length === 0) return undefined;
  const breached = earliest(verdict.objectives.map((objective) => objective.times.breached));
  if (breached === undefined) return { name: 'Objectives', value: 'none broke', detail: '' };
  return { name: 'First breach', value: humanDuration(breached - injected), detail: 'after the injection' };
}

function toldFact(alerts: readonly AlertVerdict[]): Fact | undefined {
  if (alerts.length === 0) return undefined;
  const first = alerts
    .filter((alert) => alert.times.captured !== null)
    .sort((a, b) => a.times.captured! - b.times.captured!)[0];
  if (!first) return { name: 'On call', value: 'nobody was told', detail: '' };
  const after = first.times.breached === null ? undefined : first.times.captured! - first.times.breached;
  return {
    name: 'On call',
    value: after === undefined || after < 0 ? 'told' : `told ${humanDuration(after)}`,
    detail: `${after === undefined || after < 0 ? '' : 'after the breach: '}${first.receivers.join(', ')}`,
  };
}

function recoveryFact(verdict: Verdict, undone: number | null): Fact | undefined {
  const broken = verdict.objectives.filter((objective) => objective.times.breached !== null);
  if (broken.length === 0 || undone === null) return undefined;
  if (broken.some((objective) => objective.times.recovered === null))
    return { name: 'Recovery', value: 'not complete', detail: 'at the end of the run' };
  const last = Math.max(...broken.map((objective) => objective.times.recovered!));
  return last <= undone
    ? { name: 'Recovery', value: 'before the undo', detail: '' }
    : { name: 'Recovery', value: humanDuration(last - undone), detail: 'after the undo' };
}
