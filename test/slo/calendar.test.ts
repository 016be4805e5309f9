import { describe, expect, it } from 'vitest';
import { windowAt } from '../../src/slo/calendar.ts';
import { type CalendarUnit, calendarWindow } from '../../src/slo/time-window.ts';

const hourMs = 3_600_000;
const nominal: Readonly<Record<CalendarUnit, number>> = {
  second: 1000,
  minute: 60_000,
  hour: hourMs,
  day: 24 * hourMs,
  week: 168 * hourMs,
  month: 720 * hourMs,
  quarter: 90 * 24 * hourMs,
  year: 365 * 24 * hourMs,
};

function bounds(count: number, unit: CalendarUnit, startTime: string, timeZone: string, at: string) {
  const window = calendarWindow(
    { count, unit, durationMs: count * nominal[unit], text: '' },
    { startTime, timeZone },
  );
  const found = windowAt(window, Date.parse(at));
  return found && [new Date(found.fromMs).toISOString(), new Date(found.toMs).toISOString()];
}

describe("a calendar's window", () => {
  it.each<[string, Parameters<typeof bounds>, readonly string[]]>([
    [
      'a month begins at midnight of its zone, in summer as in winter',
      [1, 'month', '2024-01-01 00:00:00', 'Europe/Berlin', '2024-07-15T12:00:00Z'],
      ['2024-06-30T22:00:00.000Z', '2024-07-31T22:00:00.000Z'],
    ],
    [
      'the month in which clocks go forward is an hour shorter',
      [1, 'month', '2024-01-01 00:00:00', 'Europe/Berlin', '2024-03-31T12:00:00Z'],
      ['2024-02-29T23:00:00.000Z', '2024-03-31T22:00:00.000Z'],
    ],
    [
      'the day in which clocks go back has 25 hours',
      [1, 'day', '2024-01-01 00:00:00', 'America/New_York', '2024-11-03T12:00:00Z'],
      ['2024-11-03T04:00:00.000Z', '2024-11-04T05:00:00.000Z'],
    ],
    [
      'a day that begins in the hour that is skipped begins when the clocks change',
      [1, 'day', '2024-01-01 02:30:00', 'Europe/Berlin', '2024-03-31T12:00:00Z'],
      ['2024-03-31T01:30:00.000Z', '2024-04-01T00:30:00.000Z'],
    ],
    [
      'a day that begins in the hour that comes twice begins with the first',
      [1, 'day', '2024-01-01 02:30:00', 'Europe/Berlin', '2024-10-27T12:00:00Z'],
      ['2024-10-27T00:30:00.000Z', '2024-10-28T01:30:00.000Z'],
    ],
    [
      'the 31st is the last day of shorter months, and of longer ones again the 31st',
      [1, 'month', '2024-01-31 00:00:00', 'UTC', '2024-03-01T00:00:00Z'],
      ['2024-02-29T00:00:00.000Z', '2024-03-31T00:00:00.000Z'],
    ],
    [
      'quarters follow each other from the start',
      [1, 'quarter', '2023-02-01 00:00:00', 'UTC', '2024-12-31T00:00:00Z'],
      ['2024-11-01T00:00:00.000Z', '2025-02-01T00:00:00.000Z'],
    ],
    [
      'two weeks',
      [2, 'week', '2024-01-01 00:00:00', 'Asia/Kolkata', '2024-01-16T00:00:00Z'],
      ['2024-01-14T18:30:00.000Z', '2024-01-28T18:30:00.000Z'],
    ],
    [
      'hours are counted on a stopwatch',
      [6, 'hour', '2024-10-27 00:00:00', 'Europe/Berlin', '2024-10-27T05:00:00Z'],
      ['2024-10-27T04:00:00.000Z', '2024-10-27T10:00:00.000Z'],
    ],
    [
      'its first instant belongs to it',
      [1, 'year', '2020-01-01 00:00:00', 'UTC', '2024-01-01T00:00:00Z'],
      ['2024-01-01T00:00:00.000Z', '2025-01-01T00:00:00.000Z'],
    ],
  ])('%s', (_, given, expected) => {
    expect(bounds(...given)).toEqual(expected);
  });

  it('is none before the first', () => {
    expect(bounds(1, 'day', '2024-01-01 00:00:00', 'UTC', '2023-12-31T23:59:59Z')).toBeUndefined();
  });
});
