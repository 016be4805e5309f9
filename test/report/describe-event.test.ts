import { describe, expect, it } from 'vitest';
import { formatQuantity } from '../../src/experiment/judge/quantity.ts';
import { describeEvent, topicOf } from '../../src/report/describe-event.ts';
import { plainLine } from '../../src/report/live/plain-line.ts';
import { leaky, scenes } from './fixtures.ts';

describe('event sentences', () => {
  it('tell the story of the leaky run', () => {
    const unitOf = () => (value: number) => formatQuantity(value, 'bytes');
    const lines = leaky()
      .timeline.map((event) => plainLine(event, unitOf))
      .filter((line) => line !== undefined);
    expect(lines.join('\n')).toMatchInlineSnapshot(`
      "18:23:02 run 20261120-182302-leaky of dns-outage-leaky started (seed 42)
      18:23:02 plan: baseline 10s, fault 30s, recovery 40s
      18:23:02 start phase, 2s planned
      18:23:02 target target started as pid 41234
      18:23:03 target target is ready after 1.5s
      18:23:03 baseline phase, 10s planned
      18:23:13 steady: every objective holds and no listed alert is active
      18:23:13 fault phase, 30s planned
      18:23:13 injecting dns-chaos (DNSChaos) into target by mount-namespace
      18:23:14 fault dns-chaos is in place
      18:23:23 objective memory is broken at 101 MB
      18:23:23 alert ContainerMemoryHigh is pending {instance="127.0.0.1:8080", job="app", severity="page"}
      18:23:26 alert ContainerMemoryHigh is firing {instance="127.0.0.1:8080", job="app", severity="page"}
      18:23:27 captured: platform-oncall is told that ContainerMemoryHigh is firing
      18:23:44 undoing dns-chaos, its time is over
      18:23:44 fault dns-chaos is undone with 423 hits; verified: shop.example.test resolves again
      18:23:44 recovery phase, 40s planned
      18:23:45 target target (pid 41234) exited with code 137, as expected
      18:23:46 target target is now pid 41410, was 41234, as expected
      18:23:47 objective memory holds again at 57.8 MB
      18:23:48 alert ContainerMemoryHigh is resolved {instance="127.0.0.1:8080", job="app", severity="page"}
      18:23:52 captured: platform-oncall is told that ContainerMemoryHigh is resolved
      18:24:00 run ended: completed"
    `);
  });

  it('are one line of visible text, whatever other programs say', () => {
    for (const event of scenes.hostile().timeline) {
      expect(describeEvent(event)).not.toMatch(/[\u0000-\u001f\u202e]/u);
    }
  });

  it('say by which service somebody is told, unless it is a webhook', () => {
    const event = leaky().timeline.find(({ type }) => type === 'notification.captured')!;
    const line = describeEvent(
      { ...event, integration: 'slack[1]' } as typeof event,
      () => (value) => formatQuantity(value, 'bytes'),
    );
    expect(line).toBe('captured: platform-oncall is told by slack that ContainerMemoryHigh is firing');
  });

  it('belong to a topic', () => {
    expect(leaky().timeline.map(topicOf)).toContain('notification');
    expect(topicOf({ at: 0, type: 'fault.hits', fault: 'a', hits: 1 })).toBe('hits');
    expect(topicOf({ at: 0, type: 'stop.triggered', by: 'user', reason: '' })).toBe('trouble');
  });
});
