import { describe, expect, it } from 'vitest';
import { describeEvent, topicOf } from '../../src/report/describe-event.ts';
import { plainLine } from '../../src/report/live/plain-line.ts';
import { leaky, scenes } from './fixtures.ts';

describe('event sentences', () => {
  it('tell the story of the leaky run', () => {
    const unitOf = () => 'bytes' as const;
    const lines = leaky()
      .timeline.map((event) => plainLine(event, unitOf))
      .filter((line) => line !== undefined);
    expect(lines.join('\n')).toMatchInlineSnapshot();
  });

  it('are one line of visible text, whatever other programs say', () => {
    for (const event of scenes.hostile().timeline) {
      expect(describeEvent(event)).not.toMatch(/[\u0000-\u001f\u202e]/u);
    }
  });

  it('belong to a topic', () => {
    expect(leaky().timeline.map(topicOf)).toContain('notification');
    expect(topicOf({ at: 0, type: 'fault.hits', fault: 'a', hits: 1 })).toBe('hits');
    expect(topicOf({ at: 0, type: 'stop.triggered', by: 'user', reason: '' })).toBe('trouble');
  });
});
