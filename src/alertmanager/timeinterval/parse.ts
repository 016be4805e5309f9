// The texts of time intervals: `monday:friday`, `-3:-1`, `january`, `09:00`. Each function gives the value or, as a
// string, what is wrong.

import type { InclusiveRange } from './interval.ts';

const weekdayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const monthNames = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** Minutes of the day of `HH:MM`, up to 24:00. */
export function parseClock(text: string): number | string {
  const match = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(text);
  if (!match) return `${JSON.stringify(text)} is not a time such as 09:30`;
  return match[1] === undefined ? 24 * 60 : Number(match[1]) * 60 + Number(match[2]);
}

export function parseWeekdays(text: string): InclusiveRange | string {
  const range = parseRange(text, (word) => {
    const index = weekdayNames.indexOf(word);
    return index < 0 ? `${JSON.stringify(word)} is not a weekday` : index;
  });
  if (typeof range === 'string') return range;
  return range.begin > range.end
    ? `${text}: the week begins on Sunday, so the first day is behind the last`
    : range;
}

export function parseMonths(text: string): InclusiveRange | string {
  const range = parseRange(text, (word) => {
    const index = monthNames.indexOf(word);
    const month = index < 0 ? whole(word) : index + 1;
    return typeof month === 'number' && month >= 1 && month <= 12
      ? month
      : `${JSON.stringify(word)} is not a month`;
  });
  return ordered(text, range);
}

export function parseYears(text: string): InclusiveRange | string {
  return ordered(text, parseRange(text, whole));
}

export function parseDaysOfMonth(text: string): InclusiveRange | string {
  const range = parseRange(text, (word) => {
    const day = whole(word);
    if (typeof day === 'string') return day;
    return day === 0 || Math.abs(day) > 31 ? `${day} is not a day of a month` : day;
  });
  if (typeof range === 'string') return range;
  const { begin, end } = range;
  if (begin < 0 && end > 0) return `${text}: a range that begins at the end of the month must end there too`;
  // No month is shorter than 28 days: behind that, an order that depends on the month is left to the month.
  const shortest = (day: number): number => (day < 0 ? 28 + day : day);
  return shortest(begin) > shortest(end) ? `${text}: the last day is always before the first` : range;
}

function parseRange(text: string, member: (word: string) => number | string): InclusiveRange | string {
  const words = text.toLowerCase().split(':');
  if (words.length > 2) return `${JSON.stringify(text)} is not a range such as a:b`;
  const begin = member(words[0]!);
  const end = member(words.at(-1)!);
  if (typeof begin === 'string') return begin;
  return typeof end === 'string' ? end : { begin, end };
}

function ordered(text: string, range: InclusiveRange | string): InclusiveRange | string {
  if (typeof range === 'string') return range;
  return range.begin > range.end ? `${text}: the end is before the begin` : range;
}

function whole(word: string): number | string {
  return /^[+-]?\d{1,6}$/.test(word) ? Number(word) : `${JSON.stringify(word)} is not a number`;
}
