// The small values that only experiments have: names, rates, shares. Each says in words what belongs there (`expected`),
// for errors and for the help that an editor shows.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';

const nameExpected =
  'letters, digits, `-`, `_` and `.`, at most 100 of them, a letter or digit first and last';

/** The name of something in the file: it becomes a part of file names and label values. */
export const name = z
  .string()
  .refine((text) => /^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/.test(text), {
    error: (issue) => `${JSON.stringify(issue.input)} is no name`,
    params: { expected: nameExpected },
  })
  .meta({ expected: 'a name' });

const rateExpected = 'a rate such as 20/s, 300/m or 0.5/s';
const ratePerSecondMax = 10_000;
const rateUnits: Record<string, number> = { s: 1, m: 60, h: 3600 };

/** Requests per second. */
export const rate = z
  .union([z.string(), z.number()])
  .transform((value, context) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*\/\s*(s|m|h)$/.exec(String(value)) ?? [];
    const perSecond =
      typeof value === 'number' ? value : Number(amount) / (rateUnits[unit ?? ''] ?? Number.NaN);
    if (perSecond > 0 && perSecond <= ratePerSecondMax) return perSecond;
    const message = Number.isNaN(perSecond)
      ? `${JSON.stringify(value)} is no rate`
      : `${JSON.stringify(value)} is not above zero and at most ${ratePerSecondMax}/s`;
    complain(context, 'FD105', message, { expected: rateExpected });
    return z.NEVER;
  })
  .meta({ expected: rateExpected });

const shareExpected = 'a share such as 50%, above 0% and at most 100%';

/** A share as a fraction in (0, 1]. */
export const share = z
  .string()
  .transform((value, context) => {
    const fraction = Number(/^(\d+(?:\.\d+)?)\s*%$/.exec(value)?.[1]) / 100;
    if (fraction > 0 && fraction <= 1) return fraction;
    complain(context, 'FD105', `${JSON.stringify(value)} is no share`, { expected: shareExpected });
    return z.NEVER;
  })
  .meta({ expected: shareExpected });
