// The demo's table: one row an act, then the report of each.

import { redact } from '../../base/redact.ts';
import type { Half, Verdict } from '../../experiment/verdict.ts';
import { visible } from '../plain-text.ts';
import { halfWord, runStanding } from '../standing.ts';
import { type Paint, paintFor, type TerminalOptions, usableWidth } from './paint.ts';
import { fitted, textWidth, wrapped } from './text-width.ts';

export interface Act {
  /** `1 leaky`. */
  readonly name: string;
  readonly verdict: Verdict;
  /** Whether it came out as the story tells it. */
  readonly asTold: boolean;
}

/** Ends with a line break. */
export function renderActs(
  acts: readonly Act[],
  options: TerminalOptions & { readonly secrets?: readonly string[] },
): string {
  const width = usableWidth(options.width);
  const paint = paintFor(options.color);
  const shown = (text: string) => visible(redact(text, options.secrets ?? []));
  const nameWidth = Math.max(3, ...acts.map((act) => textWidth(act.name)));
  const sentenceWidth = Math.max(20, width - nameWidth - 2 * (halfWidth + 2) - 4);
  const indent = ' '.repeat(width - sentenceWidth);
  const lines = [
    '',
    paint.quiet(
      `  ${fitted('act', nameWidth)}  ${fitted('resilience', halfWidth)}  ${fitted('detection', halfWidth)}  what happened`,
    ),
  ];
  for (const act of acts) {
    const [first, ...rest] = wrapped(shown(act.verdict.sentence), sentenceWidth);
    const { resilience, detection } = act.verdict;
    lines.push(
      `  ${paint.strong(fitted(act.name, nameWidth))}  ${halfCell(resilience, paint)}  ${halfCell(detection, paint)}  ${first}`,
      ...rest.map((line) => indent + line),
    );
    if (!act.asTold)
      lines.push(indent + paint.tone.bad(`✗ not as told: the run's verdict is ${act.verdict.verdict}`));
  }
  const reports = acts.filter((act) => act.verdict.report !== null);
  if (reports.length > 0) lines.push('', paint.quiet('  reports'));
  for (const act of reports)
    lines.push(`  ${fitted(act.name, nameWidth)}  ${paint.link(shown(act.verdict.report!))}`);
  return `${lines.join('\n')}\n`;
}

const halfWidth = textWidth('? inconclusive');

function halfCell(half: Half | null, paint: Paint): string {
  const { mark, tone } = runStanding(half);
  return paint.tone[tone](fitted(`${mark} ${halfWord(half)}`, halfWidth));
}
