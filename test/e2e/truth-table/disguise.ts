// Many rows share one Prometheus and one Alertmanager, so each wears a disguise there: its jobs and receivers bear the
// row's number, and its alerts a label `row`. What comes back is undressed again, so that the judge sees the row as it
// is written. `up` is Prometheus's own, and a row that plays it does so under another name.

import { type LabelRecord, Labels } from '../../../src/base/labels.ts';
import type { Matcher } from '../../../src/base/matcher.ts';
import { createMatcher } from '../../../src/base/matcher.ts';
import type { TimelineEvent } from '../../../src/experiment/timeline.ts';
import type { Queryable } from '../../../src/telemetry/metrics/series.ts';

export function rowId(index: number): string {
  return `r${index}`;
}

/** In PromQL and in series. */
export function disguisedText(text: string, id: string): string {
  return text.replace(/\bup\{/g, 'row_up{').replace(/\bjob="([^"]*)"/g, `job="${id}-$1"`);
}

export function disguisedLabels(labels: LabelRecord, id: string): LabelRecord {
  return 'job' in labels ? { ...labels, job: `${id}-${labels.job}` } : labels;
}

export function disguisedReceiver(receiver: string, id: string): string {
  return `${id}/${receiver}`;
}

/** Of an event, whose it is; undefined for what belongs to no row. */
export function rowOf(event: TimelineEvent): string | undefined {
  if ('labels' in event) return event.labels.row;
  return event.type.startsWith('notification.') && 'receiver' in event
    ? event.receiver.split('/')[0]
    : undefined;
}

export function undisguised(event: TimelineEvent): TimelineEvent {
  const plain: Record<string, unknown> = { ...event };
  if ('labels' in event) plain.labels = plainLabels(event.labels);
  if ('rule' in event && typeof event.rule === 'object') plain.rule = { group: 'team', file: '/rules.yaml' };
  if ('receiver' in event) plain.receiver = event.receiver.split('/').at(-1)!;
  if ('source' in event && typeof event.source === 'object') plain.source = plainLabels(event.source);
  if ('alerts' in event)
    plain.alerts = event.alerts.map((alert) => ({ ...alert, labels: plainLabels(alert.labels) }));
  return plain as unknown as TimelineEvent;
}

function plainLabels({ row: _row, instance: _instance, ...labels }: LabelRecord): LabelRecord {
  const plain: Record<string, string> = { ...labels };
  if (plain.job !== undefined) plain.job = plain.job.replace(/^r\d+-/, '');
  if (plain.__name__ === 'row_up') plain.__name__ = 'up';
  return plain;
}

/** The series of one row out of all that were recorded. */
export function recordingOfRow(all: Queryable, id: string): Queryable {
  const own = createMatcher('job', '=~', `${id}-.*`);
  return {
    select: (matchers: readonly Matcher[], minMs: number, maxMs: number) =>
      all
        .select([own], minMs, maxMs)
        .map((view) => ({ ...view, labels: Labels.from(plainLabels(view.labels.toRecord())) }))
        .filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))),
  };
}
