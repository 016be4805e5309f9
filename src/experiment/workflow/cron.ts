// When a Schedule starts its next run. Cron expressions have five fields, or six with seconds first, as Chaos Mesh's
// parser (robfig/cron) reads them; @hourly and its like; and @every with a duration. Times are in UTC unless the
// expression begins with TZ=. What falls into the hour that a change of the clocks skips runs when that hour is over;
// what falls into the hour that comes twice runs once.

import { Cron } from 'croner';
import { parseDuration } from '../../base/duration.ts';

export interface Timetable {
  /** The first time after `afterMs`, in Unix milliseconds; undefined when there is none. */
  next(afterMs: number): number | undefined;
}

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Undefined when it is none; the reason is then in `cronMistake`. */
export function parseTimetable(text: string): Timetable | undefined {
  const read = readTimetable(text);
  return typeof read === 'string' ? undefined : read;
}

export function cronMistake(text: string): string | undefined {
  const read = readTimetable(text);
  return typeof read === 'string' ? read : undefined;
}

function readTimetable(text: string): Timetable | string {
  const [, zone, rest = ''] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim()) ?? [];
  const every = /^@every\s+(\S+)$/.exec(rest)?.[1];
  if (every !== undefined) return everyTimetable(every);
  const fields = (descriptors[rest] ?? rest).split(/\s+/);
  if (rest.startsWith('@') && !(rest in descriptors))
    return `there is no ${rest}; there are @every and ${Object.keys(descriptors).join(', ')}`;
  if (fields.length !== 5 && fields.length !== 6) return `${fields.length} fields instead of five or six`;
  // The library knows more than Chaos Mesh's parser does: last days, nearest weekdays, weekday 7.
  const beyond = fields.find(
    (field) => !/^[0-9A-Za-z*?,/-]+$/.test(field) || /\d[LW]|[LW]\d|^L|^W/i.test(field),
  );
  if (beyond !== undefined) return `the field ${JSON.stringify(beyond)} is not known to Chaos Mesh`;
  try {
    const cron = new Cron(fields.join(' ').replaceAll('?', '*'), { timezone: zone ?? 'UTC', paused: true });
    // A time zone that does not exist is only noticed when a time is asked for.
    cron.nextRun(new Date(0));
    return { next: (afterMs) => cron.nextRun(new Date(afterMs))?.getTime() };
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, '');
  }
}

/** Counted from the last start, in whole seconds, of which there is at least one. */
function everyTimetable(text: string): Timetable | string {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) return `${JSON.stringify(text)} is no duration above zero`;
  const stepMs = Math.max(1000, Math.floor(ms / 1000) * 1000);
  return { next: (afterMs) => afterMs + stepMs };
}
