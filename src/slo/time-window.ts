// The stretch of time that a budget is for.

export type TimeWindow = RollingWindow | CalendarWindow;

/** The last `durationMs`, at every instant. */
interface RollingWindow {
  readonly type: 'rolling';
  readonly durationMs: number;
  /** As written: `30d`, `4w`. */
  readonly text: string;
}

/**
 * One window after the other, beginning at `start` in a time zone: months and years have the calendar's length there,
 * and days may have 23 or 25 hours.
 */
export interface CalendarWindow {
  readonly type: 'calendar';
  readonly count: number;
  readonly unit: CalendarUnit;
  readonly start: LocalTime;
  /** A name of the IANA time zone database. */
  readonly zone: string;
  readonly text: string;
  /** Its nominal length (a month has 30 days, a quarter 90, a year 365), for what needs one number. */
  readonly durationMs: number;
}

/** `30d`, `a calendar month`, `2 calendar weeks`. */
export function windowWords(window: TimeWindow): string {
  if (window.type === 'rolling') return window.text;
  return window.count === 1 ? `a calendar ${window.unit}` : `${window.count} calendar ${window.unit}s`;
}

export type CalendarUnit = 'second' | 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

/** A time on the wall clock, in no zone yet. */
export interface LocalTime {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** Of `2022-01-01 12:00:00`; undefined when it is no such text, or a day that no calendar has. */
export function parseLocalTime(text: string): LocalTime | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)$/.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // A field beyond its end runs over into the next one.
  const isSame = date.toISOString().slice(0, 19).replace('T', ' ') === text;
  return isSame ? { year, month, day, hour, minute, second } : undefined;
}

/** A window that begins at `startTime`, as its format's schema has checked it. */
export function calendarWindow(
  length: Pick<CalendarWindow, 'count' | 'unit' | 'durationMs' | 'text'>,
  { startTime, timeZone }: { readonly startTime: string; readonly timeZone: string },
): CalendarWindow {
  const start = parseLocalTime(startTime);
  if (!start) throw new Error(`the schema let ${JSON.stringify(startTime)} pass as a time`);
  return { type: 'calendar', ...length, start, zone: timeZone };
}
