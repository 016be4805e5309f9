// Which windows and burn rates alert on an objective of which period: Sloth's AlertWindows files, and the two sets that come with it,
// which are those of the Google SRE workbook ("Alerting on SLOs", table 5-8).

import { z } from 'zod';
import { parseDuration } from '../../base/duration.ts';
import { complain } from '../../base/scalars.ts';
import { checkYaml, type Parsed, parseYaml } from '../../base/yaml.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
const minuteMs = 60_000;

/** Fires when both windows burn faster than what spends the share of the budget within the long one. */
export interface AlertWindow {
  readonly budgetPercent: number;
  readonly shortMs: number;
  readonly longMs: number;
}

export interface AlertWindows {
  readonly periodMs: number;
  readonly page: { readonly quick: AlertWindow; readonly slow: AlertWindow };
  readonly ticket: { readonly quick: AlertWindow; readonly slow: AlertWindow };
}

/** The burn rate that spends the share within the long window; in Sloth's order of operations, because the text counts. */
export function burnRateFactor({ budgetPercent, longMs }: AlertWindow, periodMs: number): number {
  return (budgetPercent * (periodMs / hourMs)) / 100 / (longMs / hourMs);
}

function workbookWindows(periodMs: number): AlertWindows {
  return {
    periodMs,
    page: {
      quick: { budgetPercent: 2, shortMs: 5 * minuteMs, longMs: hourMs },
      slow: { budgetPercent: 5, shortMs: 30 * minuteMs, longMs: 6 * hourMs },
    },
    ticket: {
      quick: { budgetPercent: 10, shortMs: 2 * hourMs, longMs: dayMs },
      slow: { budgetPercent: 10, shortMs: 6 * hourMs, longMs: 3 * dayMs },
    },
  };
}

export const builtInWindows: readonly AlertWindows[] = [
  workbookWindows(30 * dayMs),
  workbookWindows(28 * dayMs),
];

const durationExpected = 'a duration such as 5m or 3d';

const span = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= minuteMs) return ms;
  complain(context, 'FD112', `${JSON.stringify(text)} is no duration of a minute or more`, {
    expected: durationExpected,
  });
  return z.NEVER;
});

const alertWindow = z
  .strictObject({ errorBudgetPercent: z.number().positive().max(100), shortWindow: span, longWindow: span })
  .superRefine(({ shortWindow, longWindow }, context) => {
    if (shortWindow >= longWindow)
      complain(context, 'FD851', 'the short window is not shorter than the long one', {
        path: ['shortWindow'],
      });
  })
  .transform(({ errorBudgetPercent, shortWindow, longWindow }) => ({
    budgetPercent: errorBudgetPercent,
    shortMs: shortWindow,
    longMs: longWindow,
  }));

const pair = z.strictObject({ quick: alertWindow, slow: alertWindow });

const windowsSchema = z.strictObject({
  apiVersion: z.literal('sloth.slok.dev/v1'),
  kind: z.literal('AlertWindows'),
  spec: z.strictObject({ sloPeriod: span, page: pair, ticket: pair }),
});

export function isAlertWindows(value: unknown): boolean {
  return (value as { kind?: unknown } | null)?.kind === 'AlertWindows';
}

export function readAlertWindows(file: string, source: string): Parsed<AlertWindows> {
  const document = parseYaml(file, source);
  if (!document.ok) return document;
  const checked = checkYaml(document.value, windowsSchema);
  if (!checked.ok) return checked;
  const { sloPeriod, page, ticket } = checked.value.spec;
  return { ok: true, value: { periodMs: sloPeriod, page, ticket } };
}
