// Go's time.Time as templates meet it: printing, the usual accessors and Format with Go's reference layout
// (Mon Jan 2 15:04:05 2006). Times are UTC unless they were put into another zone.

import { Struct, type Value } from './values.ts';
import { utc, type Zone, zoneAt } from './zone.ts';

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** A time.Time. `atMs` is Unix milliseconds, with a fraction where the source has one. */
export class TimeStruct extends Struct {
  readonly atMs: number;
  readonly #zone: Zone;

  constructor(atMs: number, zone: Zone) {
    const date = localDate(atMs, zone);
    const whole = (value: number) => (): Value => BigInt(value);
    super(
      'time.Time',
      {
        Format: (layout) => formatTime(atMs, zone, typeof layout === 'string' ? layout : ''),
        Unix: whole(Math.floor(atMs / 1000)),
        UnixMilli: whole(Math.floor(atMs)),
        Year: whole(date.getUTCFullYear()),
        Month: () => months[date.getUTCMonth()]!,
        Day: whole(date.getUTCDate()),
        Weekday: () => weekdays[date.getUTCDay()]!,
        Hour: whole(date.getUTCHours()),
        Minute: whole(date.getUTCMinutes()),
        Second: whole(date.getUTCSeconds()),
        IsZero: () => atMs === zeroTimeMs,
        UTC: () => new TimeStruct(atMs, utc),
      },
      () => formatTime(atMs, zone, '2006-01-02 15:04:05.999999999 -0700 MST'),
    );
    this.atMs = atMs;
    this.#zone = zone;
  }

  /** RFC 3339, as Go's JSON has it. */
  toJSON(): string {
    return formatTime(this.atMs, this.#zone, '2006-01-02T15:04:05.999999999Z07:00');
  }
}

/** Go's zero time: the first moment of the year 1. */
export const zeroTimeMs = -62_135_596_800_000;

export function timeStruct(atMs: number, zoneName = ''): TimeStruct {
  return new TimeStruct(atMs, zoneAt(zoneName, atMs));
}

/** A date whose UTC fields are those of the zone. */
function localDate(atMs: number, zone: Zone): Date {
  return new Date(atMs + zone.offsetMinutes * 60_000);
}

const pad2 = (value: number): string => String(value).padStart(2, '0');

type Part = (date: Date, zone: Zone) => string;

/** Longest first, so that `2006` is not read as `2` and `006`. */
const parts: readonly (readonly [string, Part])[] = [
  ['January', (date) => months[date.getUTCMonth()]!],
  ['Monday', (date) => weekdays[date.getUTCDay()]!],
  ['-07:00', (_, zone) => offsetText(zone, ':')],
  ['Z07:00', (_, zone) => (zone.offsetMinutes === 0 ? 'Z' : offsetText(zone, ':'))],
  ['-0700', (_, zone) => offsetText(zone, '')],
  ['Z0700', (_, zone) => (zone.offsetMinutes === 0 ? 'Z' : offsetText(zone, ''))],
  ['2006', (date) => String(date.getUTCFullYear()).padStart(4, '0')],
  ['Jan', (date) => months[date.getUTCMonth()]!.slice(0, 3)],
  ['Mon', (date) => weekdays[date.getUTCDay()]!.slice(0, 3)],
  ['MST', (_, zone) => zone.abbreviation],
  ['-07', (_, zone) => offsetText(zone, '').slice(0, 3)],
  ['15', (date) => pad2(date.getUTCHours())],
  ['01', (date) => pad2(date.getUTCMonth() + 1)],
  ['02', (date) => pad2(date.getUTCDate())],
  ['03', (date) => pad2(date.getUTCHours() % 12 || 12)],
  ['04', (date) => pad2(date.getUTCMinutes())],
  ['05', (date) => pad2(date.getUTCSeconds())],
  ['06', (date) => pad2(date.getUTCFullYear() % 100)],
  ['_2', (date) => String(date.getUTCDate()).padStart(2, ' ')],
  ['PM', (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM')],
  ['pm', (date) => (date.getUTCHours() < 12 ? 'am' : 'pm')],
  ['1', (date) => String(date.getUTCMonth() + 1)],
  ['2', (date) => String(date.getUTCDate())],
  ['3', (date) => String(date.getUTCHours() % 12 || 12)],
  ['4', (date) => String(date.getUTCMinutes())],
  ['5', (date) => String(date.getUTCSeconds())],
];

function offsetText({ offsetMinutes }: Zone, separator: string): string {
  const magnitude = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${pad2(Math.trunc(magnitude / 60))}${separator}${pad2(magnitude % 60)}`;
}

const fraction = /^[.,](0+|9+)(?!\d)/;

function formatTime(atMs: number, zone: Zone, layout: string): string {
  const date = localDate(atMs, zone);
  let out = '';
  for (let at = 0; at < layout.length; ) {
    const rest = layout.slice(at);
    const digits = fraction.exec(rest);
    if (digits && layout.slice(0, at).endsWith('5')) {
      out += fractionOfSecond(atMs, digits[0]);
      at += digits[0].length;
      continue;
    }
    const part = parts.find(([name]) => rest.startsWith(name));
    out += part ? part[1](date, zone) : rest[0];
    at += part ? part[0].length : 1;
  }
  return out;
}

/** `.000` always shows its digits, `.999` leaves out trailing zeros. */
function fractionOfSecond(atMs: number, layout: string): string {
  const nanoseconds = Math.round((atMs - Math.floor(atMs / 1000) * 1000) * 1e6);
  const digits = String(nanoseconds)
    .padStart(9, '0')
    .slice(0, layout.length - 1);
  if (layout[1] === '0') return layout[0] + digits;
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : layout[0] + trimmed;
}
