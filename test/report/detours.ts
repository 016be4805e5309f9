// A run whose alerts all went astray: one missed, one misrouted, one inhibited by an alert that nobody heard, one held
// by a silence, one that fired before, and one that nobody listed. Judged by the judge, as a real run is.

import { judge } from '../../src/experiment/judge/judge.ts';
import type { ReportInput } from '../../src/report/input.ts';
import { drivenScenarioOf } from '../experiment/judge/truth-table/chain.ts';

const memory = (alert: string, more: string, rest: object = {}) => ({
  alert,
  expr: `process_resident_memory_bytes{job="app"} > ${more}`,
  for: '3s',
  labels: { severity: 'page' },
  annotations: { summary: `${alert} of {{ $labels.job }}` },
  ...rest,
});

const owes = (name: string, more: object = {}) => ({
  name,
  labels: { job: 'app' },
  fires: { within: '10s' },
  notifies: { within: '15s', receivers: ['oncall'] },
  ...more,
});

export function detours(): ReportInput {
  const { experiment, timeline, recording } = drivenScenarioOf({
    experiment: {
      objectives: [
        {
          name: 'memory',
          promql: 'process_resident_memory_bytes{job="app"} < 100e6',
          recovers: { within: '20s', stable: '5s' },
        },
      ],
      alerts: [
        owes('MemoryVeryHigh'),
        owes('MemoryGrows'),
        owes('MemoryHigh'),
        owes('MemoryAlmostHigh'),
        owes('MemoryAboveForty'),
        owes('MemorySlow', { notifies: { within: '15s', receivers: ['tickets'] } }),
      ],
    },
    rules: [
      {
        ...memory('MemoryVeryHigh', '200e6'),
        expr: 'process_resident_memory_bytes{job="app"} > 200e6 and on (job) requests_failing{job="app"} > 0',
      },
      memory('MemoryGrows', '110e6', { labels: { severity: 'page', team: 'search' } }),
      memory('MemoryHigh', '100e6'),
      memory('MemoryAlmostHigh', '90e6'),
      memory('MemoryAboveForty', '40e6'),
      memory('MemorySlow', '100e6', { for: '9s', labels: { severity: 'ticket' } }),
      { alert: 'NodeDown', expr: 'node_up{job="app"} == 0' },
    ],
    routes: [
      { receiver: 'nobody', group_wait: '1m' },
      { receiver: 'search-team', matches: { team: 'search' } },
      { receiver: 'tickets', matches: { severity: 'ticket' }, group_wait: '2s', group_interval: '5s' },
      { receiver: 'oncall', matches: { severity: 'page' }, group_wait: '1s' },
    ],
    alertmanager: {
      inhibit_rules: [
        {
          source_matchers: ['alertname="NodeDown"'],
          target_matchers: ['alertname="MemoryHigh"'],
          equal: ['job'],
        },
      ],
    },
    silence: { alert: 'MemoryAlmostHigh', author: 'ann', comment: 'maintenance until noon' },
    series: {
      'process_resident_memory_bytes{job="app"}': '50e6x20 150e6x29 120e6x1 50e6x37',
      'requests_failing{job="app"}': '0x20 4x29 0x40',
      'node_up{job="app"}': '1x21 0x30 1x37',
    },
  });
  const verdict = judge(experiment, timeline, recording);
  return { experiment, timeline, recording, verdict };
}
