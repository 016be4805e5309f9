import { describe, expect, test } from 'vitest';
import {
  deadlineProblems,
  forTicksMs,
  predictRule,
  provability,
} from '../../../src/experiment/judge/predict.ts';

const timing = {
  scrapeIntervalMs: 15_000,
  evaluationIntervalMs: 30_000,
  forMs: 60_000,
  groupWaitMs: 30_000,
  groupIntervalMs: 300_000,
};

describe('predicting a rule', () => {
  test('adds scrape, evaluation, for and group_wait', () => {
    expect(predictRule(timing)).toMatchObject({
      leastFiringMs: 60_000,
      worstFiringMs: 15_000 + 30_000 + 60_000,
      leastNotifiedMs: 90_000,
      worstNotifiedMs: 135_000,
      worstNotifiedInOpenGroupMs: 105_000 + 300_000,
    });
  });

  test('waits for a range to fill and for recording rules of other groups', () => {
    const { worstFiringMs } = predictRule({ ...timing, rangeMs: 300_000, upstreamEvaluationMs: 60_000 });
    expect(worstFiringMs).toBe(105_000 + 300_000 + 60_000);
  });

  test('resolves after keep_firing_for and tells within group_interval', () => {
    expect(predictRule({ ...timing, keepFiringForMs: 120_000 })).toMatchObject({
      worstResolvedMs: 45_000 + 120_000,
      worstResolvedNotifiedMs: 165_000 + 300_000,
    });
  });

  test.each([
    [0, 30_000, 0],
    [1, 30_000, 30_000],
    [30_000, 30_000, 30_000],
    [31_000, 30_000, 60_000],
  ])('for %d ms at an interval of %d ms lasts %d ms', (forMs, interval, lasts) => {
    expect(forTicksMs(forMs, interval)).toBe(lasts);
  });
});

describe('deadlines', () => {
  const prediction = predictRule(timing);

  test('that the worst case meets are no problem', () => {
    expect(deadlineProblems(prediction, { firesWithinMs: 105_000, notifiesWithinMs: 135_000 })).toEqual([]);
  });

  test('that no run can meet, and those met by luck, are told apart', () => {
    expect(deadlineProblems(prediction, { firesWithinMs: 59_000, notifiesWithinMs: 100_000 })).toEqual([
      { deadline: 'fires', withinMs: 59_000, leastMs: 60_000, worstMs: 105_000, kind: 'impossible' },
      { deadline: 'notifies', withinMs: 100_000, leastMs: 90_000, worstMs: 135_000, kind: 'by-luck' },
    ]);
  });
});

describe('what a fault can prove', () => {
  const prediction = predictRule(timing);
  const deadlines = { firesWithinMs: 110_000, notifiesWithinMs: 200_000 };

  test('ringing needs the worst case, silence needs the deadline', () => {
    expect(provability(prediction, deadlines, 100_000)).toEqual({
      canRing: false,
      canMiss: false,
      neededFaultMs: 200_000,
    });
    expect(provability(prediction, deadlines, 150_000)).toMatchObject({ canRing: true, canMiss: false });
    expect(provability(prediction, deadlines, 200_000)).toMatchObject({ canRing: true, canMiss: true });
  });

  test('both count from the breach, which comes later than the injection', () => {
    expect(provability(prediction, deadlines, 200_000, 20_000)).toMatchObject({
      canMiss: false,
      neededFaultMs: 220_000,
    });
  });

  test('without a notification only firing counts', () => {
    expect(provability(prediction, { firesWithinMs: 50_000 }, 110_000)).toMatchObject({
      canRing: true,
      neededFaultMs: 105_000,
    });
  });
});
