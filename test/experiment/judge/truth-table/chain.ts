// Drives a row through the chain on virtual time: its series are scraped, its rules are evaluated, its routing tree
// groups and notifies. What comes out replaces what the row says of alerts and notifications.

import { stringify } from 'yaml';
import { readAlertmanagerConfig } from '../../../../src/alertmanager/config/read.ts';
import {
  Dispatcher,
  type NotificationIntent,
  type Suppression,
} from '../../../../src/alertmanager/dispatch/dispatcher.ts';
import { matchersOfMap } from '../../../../src/alertmanager/matcher/matcher.ts';
import type { AlertRef, TimelineEvent } from '../../../../src/experiment/timeline.ts';
import { type AlertTransition, GroupEvaluator } from '../../../../src/rules/group.ts';
import { SeriesStore } from '../../../../src/telemetry/metrics/store.ts';
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
      dispatcher?.receive(due, at);
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

/** The row's flat routes as a tree: the one without matchers is the root, the others are its children. */
function dispatcherOf({ routes = [], alertmanager = {}, silence }: RowStory): Dispatcher | undefined {
  if (routes.length === 0) return undefined;
  const root = routes.find(({ matches }) => matches === undefined)!;
  const node = ({
    receiver,
    group_wait = '1s',
    group_interval = '5s',
    matches,
    mute_time_intervals,
  }: (typeof routes)[number]) => ({
    receiver,
    group_wait,
    group_interval,
    ...(mute_time_intervals && { mute_time_intervals }),
    ...(matches && { matchers: Object.entries(matches).map(([name, value]) => `${name}="${value}"`) }),
  });
  const children = routes.filter((each) => each !== root).map(node);
  const receivers = [...new Set(routes.map(({ receiver }) => receiver))];
  const text = stringify({
    route: { ...node(root), routes: children },
    ...alertmanager,
    receivers: receivers.map((name) => ({ name, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] })),
  });
  const read = readAlertmanagerConfig('/alertmanager.yml', text);
  if (!read.ok) throw new Error(read.diagnostics.map((each) => each.message).join('; '));
  const dispatcher = new Dispatcher(read.value);
  if (silence) {
    const matchers = matchersOfMap({ alertname: silence.alert }, '=');
    const { author, comment } = silence;
    dispatcher.silences.set({
      id: 's1',
      matchers,
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
