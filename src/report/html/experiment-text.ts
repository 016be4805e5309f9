// The experiment as it was run, and what it was run with.

import type { ReportInput } from '../input.ts';
import { firstEvent } from '../input.ts';
import { type Markup, markup } from './markup.ts';

export function experimentSection(resolvedText: string): Markup {
  return markup`<details class="fold" id="experiment">
<summary><h2>The experiment</h2> <span class="aside">as it was run</span></summary>
<pre class="yaml"><code>${resolvedText.trimEnd().split('\n').map(yamlLine)}</code></pre>
</details>`;
}

const yamlLinePattern = /^(\s*(?:- )*)([\w./"'-]+)(:)(\s.*|)$/;

/** Keys and comments in their own tone: enough to find one's way, and never wrong about a value. */
function yamlLine(line: string): Markup {
  if (/^\s*#/.test(line)) return markup`<span class="yaml-comment">${line}</span>\n`;
  const match = yamlLinePattern.exec(line);
  if (!match) return markup`${line}\n`;
  const [, indent, key, colon, rest] = match;
  return markup`${indent}<span class="yaml-key">${key}</span>${colon}${rest}\n`;
}

export function versionsSection({ verdict, timeline, experiment }: ReportInput): Markup {
  const started = firstEvent(timeline, 'run.started');
  const rows: [string, string | undefined][] = [
    ['Run', verdict.run],
    ['Run folder', verdict.runFolder ?? undefined],
    ['Experiment file', experiment.file],
    ['Firedrill', started?.firedrill],
    ['Node.js', started?.node],
    ['Seed', String(started?.seed ?? experiment.seed)],
    ['Trial', started && experiment.trials > 1 ? `${started.trial} of ${experiment.trials}` : undefined],
  ];
  return markup`<footer class="versions"><dl>${rows
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></footer>`;
}
