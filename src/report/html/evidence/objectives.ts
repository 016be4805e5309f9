// The table of objectives: what was promised, what happened, when it broke and when it was back.

import type { ObjectiveCost, ObjectiveVerdict } from '../../../experiment/verdict.ts';
import { costLine } from '../../cost-words.ts';
import type { SpentBudget } from '../../spent-budget.ts';
import { type Markup, markup } from '../markup.ts';
import { budgetStory, toldOfBudget } from './budget.ts';
import { cell, evidenceList, moment, section, verdictWord } from './item.ts';

export function objectivesSection(
  objectives: readonly ObjectiveVerdict[],
  budgets: readonly (SpentBudget | undefined)[],
  costs: readonly ObjectiveCost[],
  zeroMs: number,
): Markup | false {
  if (objectives.length === 0) return false;
  return section(
    'objectives',
    'Objectives',
    markup`<table class="items">
<thead><tr><th scope="col">Objective</th><th scope="col">Verdict</th><th scope="col">Expected</th><th scope="col">Broke</th><th scope="col">Held again</th><th scope="col">Told by</th></tr></thead>
${objectives.map((objective, index) => objectiveRows(objective, budgets[index], costs, zeroMs))}
</table>`,
  );
}

function objectiveRows(
  objective: ObjectiveVerdict,
  budget: SpentBudget | undefined,
  costs: readonly ObjectiveCost[],
  zeroMs: number,
): Markup {
  const cost = costs.find((each) => each.objective === objective.name);
  return markup`<tbody>
<tr><th scope="row">${objective.name}</th>${cell('Verdict', verdictWord(objective.verdict, objective.judgement))}${cell('Expected', objective.expect)}${cell('Broke', moment(objective.times.breached, zeroMs))}${cell('Held again', moment(objective.times.recovered, zeroMs))}${cell('Told by', detection(objective))}</tr>
<tr class="detail"><td colspan="6"><p class="reason">${objective.reason}</p>${budget && budgetStory(budget)}${cost !== undefined && markup`<p class="aside">${costLine(cost)}</p>`}<p><code class="expression">${objective.promql}</code></p>${evidenceList(
    objective.evidence.filter(({ label }) => budget === undefined || !toldOfBudget.has(label)),
    zeroMs,
  )}</td></tr>
</tbody>
`;
}

/** Which alerts told of the breach; a dash where there was none, or nobody was to tell. */
function detection({ detectedBy }: ObjectiveVerdict): string {
  if (detectedBy === null) return '–';
  return detectedBy.length === 0 ? 'no alert' : detectedBy.join(', ');
}
