// A hundred thousand alerts at once: bounded in number, and in the time that it takes to be rid of them.

import { expect, test } from 'vitest';
import { Dispatcher, defaultDispatcherLimits } from '../../../src/alertmanager/dispatch/dispatcher.ts';
import { AlertMatcher } from '../../../src/alertmanager/matcher/matcher.ts';
import { Labels } from '../../../src/base/labels.ts';
import { configOf, routed } from '../timeline.ts';

const storm = 100_000;
const start = Date.UTC(2026, 0, 5);

const config = (groupBy: string) =>
  configOf(
    `${routed(`{receiver: pager, group_by: [${groupBy}], group_wait: 30s, group_interval: 5m, routes: [{matchers: ['team=~"a|b"'], receiver: chat}, {matchers: [severity=page]}]}`, ['pager', 'chat'])}
inhibit_rules: [{source_matchers: [alertname=Cluster], target_matchers: [severity=page], equal: [cluster]}]`,
  );

const alerts = (count: number, more: (i: number) => Record<string, string> = () => ({})) =>
  Array.from({ length: count }, (_, i) => ({
    labels: Labels.from({
      ...{ alertname: 'Storm', severity: 'page', job: 'api', instance: `node-${i}`, cluster: `c${i % 50}` },
      ...more(i),
    }),
    annotations: { summary: `node-${i} is gone` },
    startsAt: start,
    endsAt: start + 240_000,
  }));

test('a storm in one group is one notification, and its end another', () => {
  const dispatcher = new Dispatcher(config('alertname'));
  for (let i = 0; i < 5000; i++)
    dispatcher.silences.set({
      id: `s${i}`,
      matchers: [new AlertMatcher('instance', '=', `node-${i * 10}`)],
      startsAt: start,
      endsAt: start + 240_000,
      updatedAt: start,
      author: 'alice',
      comment: '',
      annotations: {},
    });
  const startedMs = performance.now();
  const grouped = dispatcher.receive(alerts(storm), start);
  expect(grouped).toHaveLength(storm);
  expect(grouped.filter(({ opens }) => opens)).toHaveLength(1);
  const first = dispatcher.advance(start + 30_000);
  expect(first.notifications.map((intent) => intent.alerts.length)).toEqual([storm - 5000]);
  expect(first.suppressed).toHaveLength(5000);
  for (const intent of first.notifications) dispatcher.settle(intent, { ok: true, atMs: start + 30_000 });
  const second = dispatcher.advance(start + 330_000);
  expect(second.notifications.map((intent) => intent.alerts[0]?.status)).toEqual(['resolved']);
  for (const intent of second.notifications) dispatcher.settle(intent, { ok: true, atMs: start + 330_000 });
  expect(dispatcher.groups(start + 330_000)).toEqual([]);
  // Two seconds where it was tried; a minute would mean that it grows with the square.
  expect(performance.now() - startedMs).toBeLessThan(60_000);
});

test('a storm that would be a group each is cut at the limit of groups, and counted', () => {
  const dispatcher = new Dispatcher(config('instance'), { ...defaultDispatcherLimits, groupsMax: 2000 });
  dispatcher.receive(alerts(10_000), start);
  expect(dispatcher.droppedCount).toBe(8000);
  expect(dispatcher.advance(start + 30_000).notifications).toHaveLength(2000);
});

test('alerts beyond the limit are not taken, until others have been forgotten', () => {
  const dispatcher = new Dispatcher(config('alertname'), { ...defaultDispatcherLimits, alertsMax: 1000 });
  dispatcher.receive(alerts(1000), start);
  const later = alerts(10, () => ({ alertname: 'Later' })).map((alert) => ({
    ...alert,
    endsAt: start + 3_000_000,
  }));
  expect(dispatcher.receive(later, start + 1000)).toEqual([]);
  expect(dispatcher.droppedCount).toBe(10);
  // What has ended is forgotten every half an hour.
  expect(dispatcher.receive(later, start + 1_900_000)).toHaveLength(10);
  expect(dispatcher.droppedCount).toBe(10);
});
