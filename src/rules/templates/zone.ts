// Time zones of templates' times, from the runtime's own tables.

import { TemplateValueError } from './function.ts';

export interface Zone {
  readonly offsetMinutes: number;
  /** `CET`; `+03` where the zone has no letters. */
  readonly abbreviation: string;
}

export const utc: Zone = { offsetMinutes: 0, abbreviation: 'UTC' };

/** Each English knows the short names of its own part of the world and writes the others as `GMT+1`. */
const englishes = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA'];

/** The zone of that name as it is at `atMs`; '' is UTC. */
export function zoneAt(name: string, atMs: number): Zone {
  if (name === '' || name === 'UTC') return utc;
  const offset = part(name, 'en-US', 'longOffset', atMs);
  const match = /^GMT(?:([+-])(\d\d):(\d\d))?/.exec(offset);
  if (!match) throw new Error(`${offset} is no offset`);
  const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
  const offsetMinutes = match[1] === '-' ? -minutes : minutes;
  const letters = englishes
    .map((english) => part(name, english, 'short', atMs))
    .find((short) => !/^GMT[+-]|^UTC[+-]/.test(short));
  return { offsetMinutes, abbreviation: letters ?? numericAbbreviation(offsetMinutes) };
}

function part(zone: string, locale: string, timeZoneName: 'longOffset' | 'short', atMs: number): string {
  try {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName }).formatToParts(atMs);
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  } catch {
    throw new TemplateValueError(`unknown time zone ${zone}`);
  }
}

function numericAbbreviation(offsetMinutes: number): string {
  const [hours, minutes] = [Math.trunc(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${offsetMinutes < 0 ? '-' : '+'}${pad(hours)}${minutes === 0 ? '' : pad(minutes)}`;
}
