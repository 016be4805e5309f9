// The report as one HTML file: no network, no script needed to read it.

import { createHash } from 'node:crypto';
import { type ReportInput, redactInput } from '../input.ts';
import { measureObjective } from '../measured.ts';
import { warmedLine } from '../warmed-words.ts';
import { eventsSection } from './events.ts';
import { alertsSection } from './evidence/alerts.ts';
import { collateralSection, notUndoneAlarm, warningsSection } from './evidence/collateral.ts';
import { faultsSection } from './evidence/faults.ts';
import { objectivesSection } from './evidence/objectives.ts';
import { experimentSection, versionsSection } from './experiment-text.ts';
import { headline } from './headline.ts';
import { type Markup, markup, trusted } from './markup.ts';
import { script } from './script.ts';
import { style } from './style/style.ts';
import { patterns } from './timeline/patterns.ts';
import { timelinePicture, timeScale } from './timeline/timeline.ts';

export function renderHtml(original: ReportInput): string {
  const measurements = original.verdict.objectives.map((objective) => measureObjective(original, objective));
  const input = redactInput(original);
  const { verdict } = input;
  const { zeroMs } = timeScale(input);
  const units = new Map(
    verdict.objectives.map((objective, index) => [objective.name, measurements[index]!.unit]),
  );
  return page(
    `${verdict.verdict}: ${verdict.title}`,
    markup`<main>
${headline(verdict, warmedLine(input.timeline))}
${notUndoneAlarm(verdict.notUndone)}
<section aria-labelledby="timeline-heading">
<h2 id="timeline-heading">Timeline</h2>
${timelinePicture({ input, measurements })}
</section>
${objectivesSection(verdict.objectives, zeroMs)}
${alertsSection(input, zeroMs)}
${faultsSection(verdict.faults, zeroMs)}
${collateralSection(verdict.collateral, zeroMs)}
${warningsSection(verdict.warnings)}
${eventsSection(input.timeline, zeroMs, (objective) => units.get(objective) ?? 'none')}
${experimentSection(input.experiment.resolvedText)}
${versionsSection(input)}
</main>`,
  );
}

/** Nothing may be loaded from anywhere, and only our own style and script may act. */
const policy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function page(title: string, body: Markup): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${trusted(style)}</style>
</head>
<body>
${patterns}
${body}
<script>${trusted(script)}</script>
</body>
</html>
`.text;
}
