import { UserError } from '../base/diagnostics.ts';
import type { FaultDriver, FaultKind, FaultRequest } from './fault.ts';
import type { TargetHandle } from './targets/target.ts';

/** A driver that was tried before the chosen one, and why it cannot be used here. */
export interface PassedOver {
  readonly driver: string;
  readonly reason: string;
  readonly remedy: string;
}

export interface ChosenDriver<Spec> {
  readonly driver: FaultDriver<Spec>;
  readonly passedOver: readonly PassedOver[];
}

const defaultTargets: readonly TargetHandle['type'][] = ['process', 'proxy'];

/** The best driver that really works here for this target; a refusal that says what would allow it when none does. */
export async function chooseDriver<Spec>(
  kind: FaultKind<Spec>,
  request: FaultRequest<Spec>,
): Promise<ChosenDriver<Spec>> {
  const passedOver: PassedOver[] = [];
  const strangers = new Set<string>();
  const drivers = kind.drivers.filter(({ targets = defaultTargets }) =>
    targets.includes(request.target.type),
  );
  if (drivers.length === 0)
    throw UserError.of(
      'FD600',
      `${kind.kind} does not act on a ${request.target.type}: target ${request.target.name}`,
    );
  for (const driver of drivers) {
    const usability = await driver.probe(request);
    if (usability.usable)
      return { driver, passedOver: passedOver.filter((each) => !strangers.has(each.driver)) };
    if (usability.otherTarget) strangers.add(driver.name);
    passedOver.push({ driver: driver.name, reason: usability.reason, remedy: usability.remedy });
  }
  const tried = passedOver.map((each) => `\n    ${each.driver}: ${each.reason}; ${each.remedy}`).join('');
  throw UserError.of('FD600', `${kind.kind} cannot act on target ${request.target.name} here:${tried}`);
}
