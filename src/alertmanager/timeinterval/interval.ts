// Times at which routes are active or muted. Lists are ORed, fields ANDed; a field that is not set does not
// restrict. https://prometheus.io/docs/alertmanager/latest/configuration/#time-interval-settings

/** Both ends belong to it. */
export interface InclusiveRange {
  readonly begin: number;
  readonly end: number;
}

export interface TimeInterval {
  /** Minutes of the day; the end does not belong to it, 1440 is the end of the day. */
  readonly times?: readonly { readonly startMinute: number; readonly endMinute: number }[];
  /** 0 is Sunday. */
  readonly weekdays?: readonly InclusiveRange[];
  /** 1 to 31; negative counts from the end of the month, -1 being its last day. */
  readonly daysOfMonth?: readonly InclusiveRange[];
  /** 1 is January. */
  readonly months?: readonly InclusiveRange[];
  readonly years?: readonly InclusiveRange[];
  /** An IANA name, or Local; undefined is UTC. */
  readonly location?: string;
}

export function containsTime(interval: TimeInterval, atMs: number): boolean {
  const local = localTime(interval.location, atMs);
  const minute = local.hour * 60 + local.minute;
  const daysInMonth = new Date(Date.UTC(local.year, local.month, 0)).getUTCDate();
  return (
    passes(interval.times, ({ startMinute, endMinute }) => minute >= startMinute && minute < endMinute) &&
    passes(interval.daysOfMonth, (range) => containsDay(range, local.day, daysInMonth)) &&
    passes(interval.months, (range) => within(range, local.month)) &&
    passes(interval.weekdays, (range) => within(range, local.weekday)) &&
    passes(interval.years, (range) => within(range, local.year))
  );
}

function passes<T>(ranges: readonly T[] | undefined, contains: (range: T) => boolean): boolean {
  return ranges === undefined || ranges.some(contains);
}

function within({ begin, end }: InclusiveRange, value: number): boolean {
  return value >= begin && value <= end;
}

/** A range that begins behind the month's last day is empty; one that ends behind it ends with the month. */
function containsDay(range: InclusiveRange, day: number, daysInMonth: number): boolean {
  const fromStart = (value: number): number => (value < 0 ? daysInMonth + value + 1 : value);
  return day >= fromStart(range.begin) && day <= fromStart(range.end);
}

interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const formats = new Map<string, Intl.DateTimeFormat>();

function localTime(location: string | undefined, atMs: number): LocalTime {
  const parts = new Map(
    format(location)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    weekday: weekdays.indexOf(parts.get('weekday')!),
    hour: part('hour'),
    minute: part('minute'),
  };
}

/** Throws a RangeError for a zone that does not exist. */
function format(location = 'UTC'): Intl.DateTimeFormat {
  let known = formats.get(location);
  if (!known) {
    known = new Intl.DateTimeFormat('en-US', {
      ...(location === 'Local' ? {} : { timeZone: location }),
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(location, known);
  }
  return known;
}

export function isLocation(name: string): boolean {
  try {
    format(name);
    return true;
  } catch {
    return false;
  }
}
