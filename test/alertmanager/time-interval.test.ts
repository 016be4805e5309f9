import { describe, expect, it } from 'vitest';
import { containsTime, type TimeInterval } from '../../src/alertmanager/timeinterval/interval.ts';
import {
  parseClock,
  parseDaysOfMonth,
  parseMonths,
  parseWeekdays,
  parseYears,
} from '../../src/alertmanager/timeinterval/parse.ts';

const utc = (text: string): number => Date.parse(`${text}Z`);

describe('time intervals', () => {
  it.each<[TimeInterval, string, boolean]>([
    [{}, '2026-01-01T00:00:00', true],
    [{ times: [{ startMinute: 540, endMinute: 1020 }] }, '2026-01-01T09:00:00', true],
    [{ times: [{ startMinute: 540, endMinute: 1020 }] }, '2026-01-01T17:00:00', false],
    [{ times: [{ startMinute: 540, endMinute: 1440 }] }, '2026-01-01T23:59:59', true],
    [{ weekdays: [{ begin: 1, end: 5 }] }, '2026-01-03T12:00:00', false],
    [
      {
        weekdays: [
          { begin: 6, end: 6 },
          { begin: 0, end: 0 },
        ],
      },
      '2026-01-04T12:00:00',
      true,
    ],
    [{ daysOfMonth: [{ begin: -1, end: -1 }] }, '2026-02-28T12:00:00', true],
    [{ daysOfMonth: [{ begin: -1, end: -1 }] }, '2028-02-28T12:00:00', false],
    [{ daysOfMonth: [{ begin: 30, end: 31 }] }, '2026-02-28T12:00:00', false],
    [{ daysOfMonth: [{ begin: 25, end: 31 }] }, '2026-02-28T12:00:00', true],
    [{ daysOfMonth: [{ begin: -31, end: -28 }] }, '2026-02-01T12:00:00', true],
    [{ months: [{ begin: 1, end: 3 }], years: [{ begin: 2026, end: 2027 }] }, '2026-03-31T23:00:00', true],
    [{ months: [{ begin: 1, end: 3 }], years: [{ begin: 2026, end: 2027 }] }, '2028-03-31T23:00:00', false],
    [{ location: 'Australia/Sydney', weekdays: [{ begin: 1, end: 1 }] }, '2026-01-04T14:00:00', true],
    [
      { location: 'America/New_York', times: [{ startMinute: 120, endMinute: 180 }] },
      '2026-03-08T07:30:00',
      false,
    ],
    [{ location: 'Europe/Berlin', times: [{ startMinute: 0, endMinute: 1 }] }, '2026-06-30T22:00:30', true],
  ])('%j contains %s: %s', (interval, time, expected) => {
    expect(containsTime(interval, utc(time))).toBe(expected);
  });

  it('are read from their texts', () => {
    expect(parseClock('24:00')).toBe(1440);
    expect(parseWeekdays('Monday:FRIDAY')).toEqual({ begin: 1, end: 5 });
    expect(parseMonths('1:march')).toEqual({ begin: 1, end: 3 });
    expect(parseYears('2026')).toEqual({ begin: 2026, end: 2026 });
    expect(parseDaysOfMonth('1:-1')).toEqual({ begin: 1, end: -1 });
  });

  it.each([
    [parseClock, '24:01'],
    [parseClock, '9:00'],
    [parseWeekdays, 'friday:monday'],
    [parseWeekdays, 'monday:tuesday:friday'],
    [parseMonths, 'may:january'],
    [parseMonths, '13'],
    [parseYears, '2027:2026'],
    [parseDaysOfMonth, '0'],
    [parseDaysOfMonth, '32'],
    [parseDaysOfMonth, '-3:3'],
    [parseDaysOfMonth, '31:-5'],
  ])('refuse %o of %s', (parse, text) => {
    expect(parse(text)).toBeTypeOf('string');
  });
});
