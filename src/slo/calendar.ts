// Which of a calendar's windows an instant lies in. Days and longer units are counted on the wall clock of the zone: a day
// in which the clocks change has 23 or 25 hours. Hours and shorter ones are counted on a stopwatch, from the start.

import type { CalendarUnit, CalendarWindow, LocalTime, TimeWindow } from './time-window.ts';

/** Unix milliseconds, from the first instant of a window to the first one after it. */
export interface WindowBounds {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Of the window that ends at `atMs`, or that `atMs` lies in; undefined before the first window of a calendar. */
export function windowAt(window: TimeWindow, atMs: number): WindowBounds | undefined {
  if (window.type === 'rolling') return { fromMs: atMs - window.durationMs, toMs: atMs };
  const startOf = startsOf(window);
  if (atMs < startOf(0)) return undefined;
  // Nominal lengths are near enough to begin the search with.
  let index = Math.max(0, Math.floor((atMs - startOf(0)) / window.durationMs));
  while (startOf(index) > atMs) index--;
  while (startOf(index + 1) <= atMs) index++;
  return { fromMs: startOf(index), toMs: startOf(index + 1) };
}

const stopwatchMs: Readonly<Partial<Record<CalendarUnit, number>>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
};
const daysOf: Readonly<Partial<Record<CalendarUnit, number>>> = { day: 1, week: 7 };
const monthsOf: Readonly<Partial<Record<CalendarUnit, number>>> = { month: 1, quarter: 3, year: 12 };

/** When the window of an index begins; the first has 0. */
function startsOf({ start, zone, count, unit }: CalendarWindow): (index: number) => number {
  const clock = zoneClock(zone);
  const ticks = stopwatchMs[unit];
  if (ticks !== undefined) {
    const firstMs = instantOf(start, clock);
    return (index) => firstMs + index * count * ticks;
  }
  return (index) => {
    const days = (daysOf[unit] ?? 0) * count * index;
    const months = (monthsOf[unit] ?? 0) * count * index;
    return instantOf(later(start, months, days), clock);
  };
}

/** Months first; a day that the month does not have becomes its last. */
function later(start: LocalTime, months: number, days: number): LocalTime {
  const month = start.month - 1 + months;
  const daysInMonth = new Date(Date.UTC(start.year, month + 1, 0)).getUTCDate();
  const date = new Date(Date.UTC(start.year, month, Math.min(start.day, daysInMonth) + days));
  return {
    ...start,
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  };
}

/** What the wall clock of a zone shows at an instant, as if it were UTC. */
type ZoneClock = (atMs: number) => number;

function zoneClock(zone: string): ZoneClock {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (atMs) => {
    const parts = Object.fromEntries(
      format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]),
    );
    return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
  };
}

/** The first instant at which the clock shows this; where it skips it, the instant of the change as the old offset counts. */
function instantOf({ year, month, day, hour, minute, second }: LocalTime, clock: ZoneClock): number {
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  // Changes of the clock are further than a day from each other: the offset is that before or that after one.
  const dayMs = 86_400_000;
  const offsets = [wall - dayMs, wall + dayMs].map((atMs) => clock(atMs) - atMs);
  const instants = offsets.map((offset) => wall - offset);
  const shown = instants.filter((atMs) => clock(atMs) === wall);
  return shown.length > 0 ? Math.min(...shown) : instants[0]!;
}
