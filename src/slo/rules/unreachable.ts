// Alerts that no outage can make ring: the burn rate that they wait for is more than a budget burns when every event is bad.
// It is at most 1 / (1 - target), so that a factor of 14.4 needs a target above 1 - 1 / 14.4.

import type { Diagnostic } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import type { Objective, ObjectivePart, SimpleObjective } from '../objective.ts';
import { type AlertWindow, type AlertWindows, burnRateFactor } from './alert-windows.ts';
import { pyrraWindows } from './pyrra-windows.ts';

/** One comparison with a burn rate. */
interface Awaited {
  /** What is told of the alert. */
  readonly alert: string;
  readonly factor: number;
  /** Whether the factor itself is enough. */
  readonly isInclusive: boolean;
}

/** Of the alerts in Sloth's style. */
export function unreachableSlothAlerts(objective: SimpleObjective, windows: AlertWindows): Diagnostic[] {
  const { alerting } = objective.sloth ?? {};
  if (!alerting) return [];
  return (['page', 'ticket'] as const)
    .filter((severity) => !alerting[severity].disabled)
    .flatMap((severity) =>
      (['quick', 'slow'] as const).flatMap((speed) => {
        const window = windows[severity][speed];
        const alert = `${alerting.name ?? severity} (${severity}, ${speed}: ${rangesOf(window)})`;
        return unreachable(objective, {
          alert,
          factor: burnRateFactor(window, windows.periodMs),
          isInclusive: false,
        });
      }),
    );
}

/** Of the alerts in Pyrra's style, also of objectives of other formats. */
export function unreachablePyrraAlerts(objective: Objective): Diagnostic[] {
  const { alerting } = objective.pyrra ?? {};
  if (alerting?.burnrates === false) return [];
  return pyrraWindows(objective.window.durationMs).flatMap(({ tier, factor, shortMs, longMs }) => {
    const alert = `${alerting?.name ?? 'ErrorBudgetBurn'} (${tier}: ${rangesOf({ shortMs, longMs })})`;
    return unreachable(objective, { alert, factor, isInclusive: false });
  });
}

/** Of OpenSLO's alert policies. */
export function unreachablePolicies(objective: Objective): Diagnostic[] {
  return objective.alertPolicies
    .filter(({ alertWhenBreaching }) => alertWhenBreaching)
    .flatMap(({ name, conditions }) =>
      conditions
        .filter(({ op }) => op === 'gt' || op === 'gte')
        .flatMap(({ op, threshold, lookbackMs }) => {
          const alert = `${name} (${formatDuration(lookbackMs)})`;
          return unreachable(objective, { alert, factor: threshold, isInclusive: op === 'gte' });
        }),
    );
}

function rangesOf({ shortMs, longMs }: Pick<AlertWindow, 'shortMs' | 'longMs'>): string {
  return `${formatDuration(shortMs)} and ${formatDuration(longMs)}`;
}

function unreachable(objective: Objective, { alert, factor, isInclusive }: Awaited): Diagnostic[] {
  const parts: readonly (ObjectivePart & { readonly weight?: number })[] =
    objective.kind === 'simple' ? [objective] : objective.parts;
  // The part that burns fastest decides for all.
  const [fastest, most] = parts
    .map((part) => [part, (part.weight ?? 1) / part.target.errorBudget] as const)
    .reduce((best, each) => (each[1] > best[1] ? each : best));
  if (isInclusive ? factor <= most : factor < most) return [];
  const weight = fastest.weight ?? 1;
  const asked = percent((factor * fastest.target.errorBudget) / weight);
  const reachable = weight < factor ? `a target above ${percent(1 - weight / factor)}` : undefined;
  return [
    {
      code: 'FD310',
      severity: 'warning',
      message: `${objective.id}: the alert ${alert} can never fire: ${Number(factor.toPrecision(6))} times the error budget of ${percent(fastest.target.errorBudget)} is ${asked} of errors`,
      at: objective.origin.place,
      ...(reachable !== undefined && { expected: reachable }),
      hint: 'When everything fails, 100 % are errors: raise the target, or lower the factor.',
    },
  ];
}

/** Rounded up: what is told to be enough must be. */
function percent(share: number): string {
  return `${Math.ceil(Number((share * 1e4).toPrecision(12))) / 100} %`;
}
