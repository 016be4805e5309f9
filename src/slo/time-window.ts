// The stretch of time that a budget is for.

export type TimeWindow = RollingWindow | CalendarWindow;

/** The last `durationMs`, at every instant. */
export interface RollingWindow {
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

export type CalendarUnit = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year';

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
