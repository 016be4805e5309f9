// The small values of Chaos Mesh's files, as its schemas and its admission webhook read them. Durations are Go's, and
// those of Prometheus are read as well; numbers in percent are strings in some kinds and numbers in others.

import { z } from 'zod';
import { parseDuration } from '../../base/duration.ts';
import { complain, list, text } from '../../base/scalars.ts';

export const modes = ['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent'] as const;

export type Mode = (typeof modes)[number];

/** What Chaos Mesh's webhook asks of `value`; `spec` may be the fault's own or that of a NetworkChaos's `target`. */
export function checkModeValue(
  spec: { readonly mode?: Mode | undefined; readonly value?: string | undefined },
  context: z.core.$RefinementCtx,
): void {
  const { mode, value } = spec;
  if (mode === undefined || mode === 'one' || mode === 'all') return;
  const most = mode === 'fixed' ? Number.MAX_SAFE_INTEGER : 100;
  const expected = mode === 'fixed' ? 'a whole number above 0' : 'a whole number from 1 to 100';
  if (value === undefined) complain(context, 'FD107', `mode ${mode} needs a value`, { expected });
  else if (!/^\+?\d+$/.test(value) || Number(value) < 1 || Number(value) > most)
    complain(context, 'FD105', `${JSON.stringify(value)} does not fit mode ${mode}`, {
      path: ['value'],
      expected,
    });
}

const delayExpected = 'a duration such as 300ms or 1.5s';

/** A duration that is not negative, in milliseconds. */
export const delay = z
  .string()
  .transform((written, context) => {
    const ms = parseDuration(written);
    if (ms !== undefined && ms >= 0) return ms;
    const what = ms === undefined ? 'is no duration' : 'is below zero';
    complain(context, 'FD112', `${JSON.stringify(written)} ${what}`, { expected: delayExpected });
    return z.NEVER;
  })
  .meta({ expected: delayExpected });

const offsetExpected = 'a duration with or without a sign, such as -10m or 1.5h';

/** A duration before or after now, in milliseconds (with fractions: `100ns` is 0.0001). */
export const offset = z
  .string()
  .transform((written, context) => {
    const ms = parseDuration(written.replace(/^\+/, ''));
    if (ms !== undefined) return ms;
    complain(context, 'FD112', `${JSON.stringify(written)} is no duration`, { expected: offsetExpected });
    return z.NEVER;
  })
  .meta({ expected: offsetExpected });

/** 0 to 100, written as a number. */
export const percent = z.int().min(0).max(100);

const percentTextExpected = 'a number from 0 to 100 in quotes, such as "25" or "0.5"';

/** 0 to 100, written as a string: shares and correlations of NetworkChaos and BlockChaos. */
export const percentText = z
  .string()
  .transform((written, context) => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(written) ? Number(written) : Number.NaN;
    if (value >= 0 && value <= 100) return value;
    complain(context, 'FD105', `${JSON.stringify(written)} is no number from 0 to 100`, {
      expected: percentTextExpected,
    });
    return z.NEVER;
  })
  .meta({ expected: percentTextExpected });

/** Containers of a pod; a process has none, so that they are read and mean nothing. */
export const containerNames = list(text).optional();

/** The whole numbers of an `int32` and of an `int64` (as far as JSON holds them). */
export const int32 = z.int32();
export const int64 = z.int();
