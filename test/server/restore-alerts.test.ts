// The rules of `firedrill serve` go on with what the store has been told of alerts: by --load, or by remote write.

import { expect, it } from 'vitest';
import { VirtualClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import { readRuleFile } from '../../src/rules/file.ts';
import { RuleRunner } from '../../src/server/rule-runner.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';

const minute = 60_000;

it('fires without waiting again when the alert was firing before the restart', async () => {
  const read = readRuleFile(
    'rules.yml',
    'groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 20m}]}]',
  );
  if (!read.ok) throw new Error('the rules do not read');
  const store = new SeriesStore();
  const up = Labels.from({ __name__: 'up', job: 'a' });
  const state = Labels.from({ __name__: 'ALERTS_FOR_STATE', alertname: 'Down', job: 'a' });
  for (let at = 1; at <= 140; at++) {
    store.appendBatch({ source: 'up', atMs: at * minute, samples: [{ labels: up, value: 0 }] });
    if (at <= 100)
      store.appendBatch({ source: 'state', atMs: at * minute, samples: [{ labels: state, value: 60 }] });
  }
  const clock = new VirtualClock(110 * minute);
  const runner = new RuleRunner(
    read.value.groups,
    { defaultIntervalMs: minute, externalLabels: {}, externalUrl: 'http://localhost/', offset: 'none' },
    { clock, source: store, append: (batch) => store.appendBatch(batch), onDue: () => undefined },
  );
  const stateNow = () => runner.groups[0]!.evaluator.activeAlerts()[0]?.alert.state;
  runner.start();
  await clock.advance(2 * minute);
  expect(stateNow()).toBe('pending');
  await clock.advance(minute);
  expect(stateNow()).toBe('firing');
  await runner.stop();
});
