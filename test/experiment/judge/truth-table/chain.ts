// Drives a row through the chain on virtual time: its series are scraped, its rules are evaluated, its routing tree
// groups and notifies. What comes out replaces what the row says of alerts and notifications.

import {
  Dispatcher,
  type Grouping,
  type NotificationIntent,
  type Suppression,
} from '../../../../src/alertmanager/dispatch/dispatcher.ts';
import { matchersOfMap } from '../../../../src/alertmanager/matcher/matcher.ts';
import type { AlertRef, TimelineEvent } from '../../../../src/experiment/timeline.ts';
import { type AlertTransition, GroupEvaluator } from '../../../../src/rules/group.ts';
import { SeriesStore } from '../../../../src/telemetry/metrics/store.ts';
import { alertmanagerOf } from './alertmanager.ts';
import { groupsOf, type Scenario, scenarioOf } from './scenario.ts';
import { scrapesOf } from './scrapes.ts';
import { ms, type RowStory, zero } from './story.ts';

const tickMs = 1000;

export function drivenScenarioOf(story: RowStory): Scenario {
  const { experiment, timeline } = scenarioOf({
    ...story,
    happens: (story.happens ?? []).filter((each) => each.event !== undefined),
  });
  const recording = new SeriesStore();
  const events: TimelineEvent[] = [];
  const groups = groupsOf(story).map(
    (group) =>
      new GroupEvaluator(group, {
        defaultIntervalMs: ms(story.evaluation ?? '1s'),
        externalLabels: {},
        externalUrl: 'http://localhost/',
        offset: 'none',
      }),
  );
  const dispatcher = dispatcherOf(story);
  const scrapes = scrapesOf(story);
  const endedAt = story.killed === undefined ? timeline.at(-1)!.at : zero + ms(story.killed);
  for (let at = zero; at <= endedAt; at += tickMs) {
    const scrape = scrapes.find((batch) => batch.atMs === at);
    if (scrape) recording.appendBatch(scrape);
    for (const group of groups) {
      if ((at - zero) % group.intervalMs !== 0) continue;
      const { transitions, due } = group.evaluate(at, recording, (batch) => recording.appendBatch(batch));
      events.push(...transitions.map(stateEvent));
      events.push(...(dispatcher?.receive(due, at) ?? []).map(groupingEvent));
    }
    if (!dispatcher) continue;
    const { notifications, suppressed } = dispatcher.advance(at);
    events.push(...suppressed.map(suppressionEvent));
    for (const intent of notifications) {
      const ok = !(story.failing ?? []).includes(intent.receiver);
      events.push(notificationEvent(intent, ok));
      dispatcher.settle(intent, { ok, atMs: at });
    }
  }
  return { experiment, timeline: [...timeline, ...events].sort((a, b) => a.at - b.at), recording };
}

function dispatcherOf(story: RowStory): Dispatcher | undefined {
  const config = alertmanagerOf(story);
  if (!config) return undefined;
  const dispatcher = new Dispatcher(config);
  if (story.silence) {
    const { alert, author, comment } = story.silence;
    dispatcher.silences.set({
      id: 's1',
      matchers: matchersOfMap({ alertname: alert }, '='),
      startsAt: zero,
      endsAt: zero + 3_600_000,
      updatedAt: zero,
      author,
      comment,
      annotations: {},
    });
  }
  return dispatcher;
}

function stateEvent({
  at,
  kind,
  alert,
  labels,
  annotations,
  value,
  activeAt,
  group,
  file,
}: AlertTransition): TimelineEvent {
  const ref: AlertRef = { alert, labels: labels.toRecord(), rule: { group, file } };
  if (kind === 'resolved') return { at, type: 'alert.resolved', ...ref, value };
  if (kind === 'dropped') return { at, type: 'alert.dropped', ...ref };
  return { at, type: `alert.${kind}`, ...ref, activeAt, value, annotations };
}

function groupingEvent({
  at,
  alert,
  receiver,
  groupKey,
  groupLabels,
  route,
  opens,
  flushAt,
}: Grouping): TimelineEvent {
  const labels = alert.labels.toRecord();
  const ref: AlertRef = { alert: labels.alertname!, labels, rule: { group: 'team', file: '/rules.yaml' } };
  const group = { receiver, groupKey, groupLabels: groupLabels.toRecord(), route, opens, flushAt };
  return { at, type: 'alert.grouped', ...ref, ...group };
}

function suppressionEvent({ at, alert, reason, by, source, receiver }: Suppression): TimelineEvent {
  const labels = alert.labels.toRecord();
  const ref: AlertRef = { alert: labels.alertname!, labels, rule: { group: 'team', file: '/rules.yaml' } };
  return {
    at,
    type: 'alert.suppressed',
    ...ref,
    reason,
    by,
    receiver,
    ...(source && { source: source.toRecord() }),
  };
}

function notificationEvent(intent: NotificationIntent, ok: boolean): TimelineEvent {
  const { at, receiver, integration, groupKey, groupLabels, alerts } = intent;
  const notification = {
    at,
    receiver,
    integration: integration.type,
    groupKey,
    groupLabels: groupLabels.toRecord(),
    status: alerts.some(({ status }) => status === 'firing') ? ('firing' as const) : ('resolved' as const),
    alerts: alerts.map(({ status, alert }) => ({ status, labels: alert.labels.toRecord() })),
  };
  return ok
    ? { type: 'notification.captured', ...notification, file: 'captured.json' }
    : { type: 'notification.failed', ...notification, reason: 'HTTP 500', attempts: 3 };
}
