// The report as one HTML file: no network, no script needed to read it.

import { formatQuantity } from '../../experiment/judge/quantity.ts';
import { type ReportInput, redactInput } from '../input.ts';
import { measureObjective } from '../measured.ts';
import { spentBudget } from '../spent-budget.ts';
import { warmedLine } from '../warmed-words.ts';
import { eventsSection } from './events.ts';
import { alertsSection } from './evidence/alerts.ts';
import { collateralSection, notUndoneAlarm, warningsSection } from './evidence/collateral.ts';
import { faultsSection } from './evidence/faults.ts';
import { objectivesSection } from './evidence/objectives.ts';
import { trialsSection } from './evidence/trials.ts';
import { experimentSection, versionsSection } from './experiment-text.ts';
import { headline } from './headline.ts';
import { markup } from './markup.ts';
import { page } from './page.ts';
import { timelinePicture, timeScale } from './timeline/timeline.ts';

export function renderHtml(original: ReportInput): string {
  const measurements = original.verdict.objectives.map((objective) => measureObjective(original, objective));
  const budgets = original.verdict.objectives.map((objective) => spentBudget(original, objective));
  const input = redactInput(original);
  const { verdict } = input;
  const { zeroMs } = timeScale(input);
  const quantities = new Map(
    verdict.objectives.map((objective, index) => [objective.name, measurements[index]!.quantity]),
  );
  return page(
    `${verdict.verdict}: ${verdict.title}`,
    markup`<main>
${headline(verdict, warmedLine(input.timeline))}
${notUndoneAlarm(verdict.notUndone)}
<section aria-labelledby="timeline-heading">
<h2 id="timeline-heading">Timeline</h2>
${timelinePicture({ input, measurements, budgets })}
</section>
${trialsSection(verdict)}
${objectivesSection(verdict.objectives, budgets, verdict.costs ?? [], zeroMs)}
${alertsSection(input, zeroMs)}
${faultsSection(verdict.faults, zeroMs)}
${collateralSection(verdict.collateral, zeroMs)}
${warningsSection(verdict.warnings)}
${eventsSection(input.timeline, zeroMs, (objective) => quantities.get(objective) ?? formatQuantity)}
${experimentSection(input.experiment.resolvedText)}
${versionsSection(input)}
</main>`,
  );
}
