// The whole run in one plain sentence: what decided its verdict, first.

import type { Experiment } from '../model.ts';
import type { Judgement, RunVerdict } from '../verdict.ts';
import type { RunFacts } from './facts.ts';
import type { Items } from './run-verdict.ts';

interface Named {
  readonly judgement: Judgement;
  readonly reason: string;
}

export function runSentence(
  experiment: Experiment,
  facts: RunFacts,
  items: Items,
  verdict: RunVerdict,
): string {
  const whole = wholeRun(facts);
  const decisive = decisiveItem(items, verdict);
  if (whole === undefined) return decisive ?? passed(experiment, items);
  return decisive === undefined ? whole : `${whole} ${decisive}`;
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

/** The first item that is as bad as the run; collateral and faults speak after what they were there to test. */
function decisiveItem(
  { objectives, alerts, collateral, faults }: Items,
  verdict: RunVerdict,
): string | undefined {
  const all: readonly Named[] = [...objectives, ...alerts, ...collateral];
  const failures = all.filter((item) => item.judgement === 'wrong');
  if (failures.length > 0) {
    const more = failures.length > 2 ? ` ${failures.length - 2} more failed.` : '';
    return `${failures
      .slice(0, 2)
      .map((item) => item.reason)
      .join(' ')}${more}`;
  }
  if (verdict !== 'inconclusive') return undefined;
  // A fault that did nothing explains the rest.
  const blind = [...faults, ...all].filter((item) => item.judgement === 'inconclusive');
  return blind[0] && `Nothing is proven: ${blind[0].reason}`;
}

function passed(experiment: Experiment, { objectives, alerts, faults }: Items): string {
  const hits = faults.map((fault) => fault.reason.replace(/\.$/, '')).join(', ');
  const kept = objectives.map((objective) => objective.reason.replace(/\.$/, ''));
  const told = alerts
    .filter((alert) => alert.judgement !== 'note')
    .map((alert) => alert.reason.replace(/\.$/, ''));
  const parts = [...kept, ...told];
  if (parts.length === 0) return `${experiment.title}: ${hits || 'nothing was asked'}.`;
  return `${parts.slice(0, 2).join('; ')}${parts.length > 2 ? `; ${parts.length - 2} more did what they should` : ''}.`;
}
