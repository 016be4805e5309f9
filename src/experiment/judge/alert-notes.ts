// What is worth knowing about an alert that rang, beside its verdict.

import { humanDuration } from '../../base/duration.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { AlertSpec } from '../model.ts';
import type { AlertVerdict } from '../verdict.ts';
import type { AlertHistory } from './alert-history.ts';
import type { AlertFinding } from './finding.ts';

type Note = AlertVerdict['notes'][number];

const runbookNames = ['runbook_url', 'runbook'];
const summaryNames = ['summary', 'title', 'message', 'description'];

export function notesOn(
  spec: AlertSpec,
  title: string,
  finding: AlertFinding,
  history: AlertHistory,
  predicted: AlertVerdict['predicted'],
): Note[] {
  const episodes = history.firing.length;
  const notes: (Note | undefined)[] = [
    episodes > 1 ? { kind: 'flapping', text: `${title} fired ${episodes} times in this run.` } : undefined,
    luck(spec, title, finding, predicted),
    lacks(history, runbookNames)
      ? { kind: 'missing-runbook', text: `${title} has no runbook_url for whoever is paged.` }
      : undefined,
    lacks(history, summaryNames)
      ? { kind: 'missing-summary', text: `${title} has no summary for whoever is paged.` }
      : undefined,
  ];
  return notes.filter((note) => note !== undefined);
}

function luck(
  spec: AlertSpec,
  title: string,
  finding: AlertFinding,
  predicted: AlertVerdict['predicted'],
): Note | undefined {
  if (predicted === null || (finding.verdict !== 'rang' && finding.verdict !== 'flapping')) return undefined;
  const hops = [
    { verb: 'fire', withinMs: spec.firesWithinMs, worstMs: predicted.firingMs },
    { verb: 'be told', withinMs: spec.notifies?.withinMs, worstMs: predicted.notifiedMs },
  ];
  const late = hops.find(({ withinMs, worstMs }) => withinMs !== undefined && worstMs > withinMs);
  if (!late) return undefined;
  const text = `${title} met its deadline by luck: at worst it takes ${humanDuration(late.worstMs)} to ${late.verb}, and ${humanDuration(late.withinMs!)} are allowed.`;
  return { kind: 'lucky', text };
}

function lacks({ annotations }: Pick<AlertHistory, 'annotations'>, names: readonly string[]): boolean {
  return annotations !== null && !names.some((name) => (annotations[name] ?? '').trim() !== '');
}

/** `no runbook_url and no summary`; undefined when whoever is paged finds both. */
export function missingHelp(annotations: LabelRecord): string | undefined {
  const missing = [
    ...(lacks({ annotations }, runbookNames) ? ['no runbook_url'] : []),
    ...(lacks({ annotations }, summaryNames) ? ['no summary'] : []),
  ];
  return missing.length > 0 ? missing.join(' and ') : undefined;
}
