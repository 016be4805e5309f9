// The way of an alert hop by hop, driven through our own rules and routing on virtual time.

import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/experiment/judge/judge.ts';
import type { TimelineEvent } from '../../../src/experiment/timeline.ts';
import type { AlertHop, AlertVerdict, HopName } from '../../../src/experiment/verdict.ts';
import { drivenScenarioOf } from './truth-table/chain.ts';
import type { Scenario } from './truth-table/scenario.ts';
import { type RowStory, zero } from './truth-table/story.ts';

const leak: RowStory = {
  experiment: {
    objectives: [
      {
        name: 'memory',
        promql: 'process_resident_memory_bytes{job="app"} < 100e6',
        recovers: { within: '20s', stable: '5s' },
      },
    ],
    alerts: [
      {
        name: 'MemoryHigh',
        labels: { job: 'app' },
        fires: { within: '30s' },
        notifies: { within: '40s', receivers: ['oncall'] },
        resolves: { within: '30s' },
      },
    ],
  },
  rules: [{ alert: 'MemoryHigh', expr: 'process_resident_memory_bytes{job="app"} > 100e6', for: '3s' }],
  routes: [{ receiver: 'oncall', group_wait: '2s', group_interval: '5s' }],
  series: { 'process_resident_memory_bytes{job="app"}': '50e6x20 150e6x29 120e6x1 50e6x37' },
};

function alertOf({ experiment, timeline, recording }: Scenario): AlertVerdict {
  return judge(experiment, timeline, recording).alerts[0]!;
}

const seconds = ({ hop, at, tookMs, boundMs, over }: AlertHop) => ({
  hop,
  at: at === null ? null : (at - zero) / 1000,
  took: tookMs === null ? null : tookMs / 1000,
  bound: boundMs === null ? null : boundMs / 1000,
  over,
});

function hop(alert: AlertVerdict, name: HopName) {
  return seconds(alert.hops.find((each) => each.hop === name)!);
}

describe('the hops of an alert', () => {
  test('stand in order, each with its latency beside what the settings allow', () => {
    const { hops } = alertOf(drivenScenarioOf(leak));
    expect(hops.map(seconds)).toEqual([
      { hop: 'injected', at: 20, took: null, bound: null, over: false },
      { hop: 'breached', at: 21, took: 1, bound: null, over: false },
      { hop: 'pending', at: 21, took: 0, bound: 2, over: false },
      { hop: 'firing', at: 24, took: 3, bound: 3, over: false },
      { hop: 'grouped', at: 24, took: 0, bound: 0, over: false },
      { hop: 'notified', at: 26, took: 2, bound: 2, over: false },
      { hop: 'captured', at: 26, took: 0, bound: 0, over: false },
      { hop: 'undone', at: 50, took: null, bound: null, over: false },
      { hop: 'recovered', at: 53, took: 3, bound: null, over: false },
      { hop: 'resolved', at: 53, took: 0, bound: 2, over: false },
      { hop: 'resolved-notified', at: 56, took: 3, bound: 5, over: false },
    ]);
    expect(hops[2]!.settings).toEqual([
      { name: 'scrape interval', ms: 1000 },
      { name: 'evaluation interval', ms: 1000 },
    ]);
  });

  test('count the range and keep_firing_for, and skip what a rule without "for" has not', () => {
    const rules = [
      {
        alert: 'MemoryHigh',
        expr: 'avg_over_time(process_resident_memory_bytes{job="app"}[8s]) > 100e6',
        keep_firing_for: '4s',
      },
    ];
    const alert = alertOf(drivenScenarioOf({ ...leak, rules }));
    expect(alert.hops.some((each) => each.hop === 'pending')).toBe(false);
    expect(hop(alert, 'firing')).toMatchObject({ bound: 10, over: false });
    expect(hop(alert, 'resolved')).toMatchObject({ bound: 14, over: false });
    expect(alert.shorten).toEqual({
      setting: 'range',
      text: 'Shorten the range [8s] of its expression first: it is 8s of the 12s that its settings allow from the breach to the pager.',
    });
  });

  test('are over their bound when no setting explains the time', () => {
    const rules = [
      { alert: 'MemoryHigh', expr: 'process_resident_memory_bytes{job="app"} > 130e6', for: '3s' },
    ];
    // Broken from 21s on, and above what the rule asks for only from 31s on.
    const series = { 'process_resident_memory_bytes{job="app"}': '50e6x20 110e6x9 150e6x19 50e6x39' };
    const alert = alertOf(drivenScenarioOf({ ...leak, rules, series }));
    expect(hop(alert, 'pending')).toMatchObject({ took: 10, bound: 2, over: true });
    expect(hop(alert, 'firing').over).toBe(false);
  });

  test('wait for group_interval in a group that is open already', () => {
    const rules = [
      ...leak.rules!,
      { alert: 'Earlier', expr: 'process_resident_memory_bytes{job="app"} > 40e6', for: '10s' },
    ];
    const alert = alertOf(drivenScenarioOf({ ...leak, rules }));
    expect(hop(alert, 'notified')).toMatchObject({ bound: 5, over: false });
    expect(alert.hops.find((each) => each.hop === 'grouped')!.detail).toBe('its group was open already');
  });

  test('that nobody saw hand their settings on to the next', () => {
    const { timeline, ...rest } = drivenScenarioOf(leak);
    const unseen = timeline.filter((event) => event.type !== 'alert.grouped');
    const alert = alertOf({ ...rest, timeline: unseen });
    expect(hop(alert, 'grouped')).toMatchObject({ at: null, took: null });
    expect(hop(alert, 'captured')).toMatchObject({ took: 2, bound: 2, over: false });
    expect(alert.hops.find((each) => each.hop === 'captured')!.after).toBe('firing');
  });

  test('read from a remote may be as late as they are read', () => {
    const { timeline, ...rest } = drivenScenarioOf(leak);
    const remote = timeline.map(
      (event): TimelineEvent =>
        event.type === 'run.planned' ? { ...event, plan: { ...event.plan, alertSource: 'remote' } } : event,
    );
    const alert = alertOf({ ...rest, timeline: remote });
    expect(hop(alert, 'firing').bound).toBe(4);
    expect(hop(alert, 'grouped').bound).toBe(1);
  });

  test('say delivered where a real receiver took it', () => {
    const { timeline, ...rest } = drivenScenarioOf(leak);
    const real = timeline.map(
      (event): TimelineEvent =>
        event.type === 'notification.captured' ? { ...event, type: 'notification.delivered' } : event,
    );
    expect(hop(alertOf({ ...rest, timeline: real }), 'delivered').at).toBe(26);
  });

  test('end where the alert did, and none are there without a fault', () => {
    const quiet = { ...leak, series: { 'process_resident_memory_bytes{job="app"}': '50e6x90' } };
    const { hops } = alertOf(drivenScenarioOf(quiet));
    expect(hops.filter(({ at }) => at !== null).map((each) => each.hop)).toEqual(['injected']);
    expect(alertOf(drivenScenarioOf({ ...leak, unsteady: ['nothing works'] })).hops).toEqual([]);
  });

  test('name the setting that would gain the most', () => {
    const rules = [{ ...leak.rules![0], for: '10s' }];
    expect(alertOf(drivenScenarioOf({ ...leak, rules })).shorten?.text).toBe(
      'Shorten "for: 10s" first: it is 10s of the 14s that its settings allow from the breach to the pager.',
    );
    const routes = [{ receiver: 'oncall', group_wait: '12s' }];
    expect(alertOf(drivenScenarioOf({ ...leak, routes })).shorten?.setting).toBe('group_wait');
  });
});
