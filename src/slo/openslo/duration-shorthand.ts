// OpenSLO's durations: a whole number and one letter, whose case matters (`1m` is a minute, `1M` a month). The
// specification leaves the lengths of M, Q and Y to the implementer; these are those of OpenSLO's own SDK.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import type { CalendarUnit } from '../time-window.ts';

export interface DurationShorthand {
  readonly count: number;
  readonly unit: CalendarUnit;
  /** Nominal: a month has 30 days, a quarter 90, a year 365. */
  readonly ms: number;
}

const dayMs = 86_400_000;
/** By letter. */
const units: Readonly<Record<string, { readonly unit: CalendarUnit; readonly ms: number }>> = {
  m: { unit: 'minute', ms: 60_000 },
  h: { unit: 'hour', ms: 3_600_000 },
  d: { unit: 'day', ms: dayMs },
  w: { unit: 'week', ms: 7 * dayMs },
  M: { unit: 'month', ms: 30 * dayMs },
  Q: { unit: 'quarter', ms: 90 * dayMs },
  Y: { unit: 'year', ms: 365 * dayMs },
};

/** Longer than any window that has data; keeps every sum of durations exact. */
const durationMsMax = 100 * 365 * dayMs;

/** Undefined when the text is no such duration. */
function parseDurationShorthand(text: string): DurationShorthand | undefined {
  const [, digits, letter] = /^(\d{1,9})([mhdwMQY])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const { unit, ms } = units[letter!]!;
  return { count: Number(digits), unit, ms: Number(digits) * ms };
}

/** `letters`: the units that the version knows. Zero means "at once", where that can be meant. */
export function durationShorthand({ letters = 'mhdwMQY', zero = false } = {}) {
  const expected = `a whole number and one of ${[...letters].join(', ')}, such as 5m or 4w`;
  return z
    .string()
    .superRefine((text, context) => {
      const parsed = parseDurationShorthand(text);
      if (!parsed || !letters.includes(text.at(-1)!))
        complain(context, 'FD112', `${JSON.stringify(text)} is no duration`, { expected });
      else if (parsed.count === 0 && !zero)
        complain(context, 'FD112', `${JSON.stringify(text)} is not above zero`, { expected });
      else if (parsed.ms > durationMsMax)
        complain(context, 'FD112', `${JSON.stringify(text)} is more than 100 years`, { expected });
    })
    .meta({ expected });
}

/** Of a text that its schema let pass. */
export function durationOf(text: string): DurationShorthand {
  const parsed = parseDurationShorthand(text);
  if (!parsed) throw new Error(`the schema let ${JSON.stringify(text)} pass as a duration`);
  return parsed;
}
