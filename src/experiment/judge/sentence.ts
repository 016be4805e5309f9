// The whole run in one plain sentence: what decided its verdict, first.

import type { Experiment } from '../model.ts';
import type { RunFacts } from './facts.ts';
import type { Items, RunJudgement } from './run-verdict.ts';

/** A sentence that lists everything is read by nobody. */
const reasonsShownMax = 3;

export function runSentence(
  experiment: Experiment,
  facts: RunFacts,
  items: Items,
  run: RunJudgement,
): string {
  const whole = wholeRun(facts);
  const failed = failures(items, run);
  if (whole !== undefined) return failed === undefined ? whole : `${whole} ${failed}`;
  const blind = run.verdict === 'inconclusive' ? blindness(items) : undefined;
  return failed ?? blind ?? passed(experiment, items);
}

function wholeRun(facts: RunFacts): string | undefined {
  if (facts.stuck.length > 0) {
    const left = facts.stuck.flatMap((event) => event.left).join('; ');
    return `A fault could not be undone; left behind: ${left}.`;
  }
  if (facts.events.length === 0) return 'Nothing is known of this run: its timeline is empty.';
  if (facts.outcome === 'error') return `The run failed: ${facts.outcomeReason ?? 'no reason was recorded'}.`;
  if (facts.outcome === null)
    return 'The run was interrupted and left no end, so only what was recorded until then is judged.';
  if (facts.outcome === 'stopped') {
    return `The run was stopped: ${facts.stop?.reason ?? facts.outcomeReason ?? 'no reason was recorded'}.`;
  }
  if (facts.unsteady)
    return `No fault was injected, because the system was not steady: ${facts.unsteady.join('; ')}.`;
  if (facts.disturbances.length > 0)
    return `Another hand was in the run, so it proves nothing: ${facts.disturbances.join('; ')}.`;
  return undefined;
}

const failuresShownMax = 2;

function failures({ objectives, alerts, collateral }: Items, run: RunJudgement): string | undefined {
  const wrong = [...objectives, ...alerts, ...collateral].filter((item) => item.judgement === 'wrong');
  if (wrong.length === 0) return undefined;
  const shown = wrong.slice(0, failuresShownMax).map((item) => item.reason);
  if (wrong.length > shown.length) shown.push(`${wrong.length - shown.length} more failed.`);
  if (run.resilience === 'pass') shown.push('Resilience passed.');
  if (run.detection === 'pass') shown.push('Detection passed.');
  return shown.join(' ');
}

/** A fault that did nothing explains the rest, so it speaks first. */
function blindness({ objectives, alerts, faults }: Items): string | undefined {
  const blind = [...faults, ...objectives, ...alerts].find((item) => item.judgement === 'inconclusive');
  return blind && `Nothing is proven: ${blind.reason}`;
}

function passed(experiment: Experiment, { objectives, alerts, faults }: Items): string {
  const asked = [...objectives, ...alerts.filter((alert) => alert.judgement !== 'note')];
  const parts = [...faults, ...asked].map((item) => item.reason.replace(/\.$/, ''));
  if (parts.length === 0) return `${experiment.title}: nothing was asked.`;
  const shown = parts.slice(0, reasonsShownMax);
  const more = parts.length - shown.length;
  return `${shown.join('; ')}${more > 0 ? `; and ${more} more did what they should` : ''}.`;
}
