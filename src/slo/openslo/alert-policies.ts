// Alert policies with the conditions and targets that they name put in their place.

import type { AlertCondition, AlertPolicy, NotificationTarget } from '../objective.ts';
import type {
  AlertConditionDefinition,
  AlertPolicyDefinition,
  Definition,
  NotificationTargetDefinition,
} from './definition.ts';
import type { Findings } from './findings.ts';
import type { References } from './references.ts';

export class AlertPolicies {
  readonly #references: References;
  readonly #findings: Findings;
  /** Undefined is a policy that names what is not there, which has been told. */
  readonly #known = new Map<AlertPolicyDefinition, AlertPolicy | undefined>();
  readonly #conditions = new Map<AlertConditionDefinition, AlertCondition>();

  constructor(references: References, findings: Findings) {
    this.#references = references;
    this.#findings = findings;
  }

  /** Undefined when a part of it is missing; that is told once. */
  of(definition: AlertPolicyDefinition): AlertPolicy | undefined {
    if (!this.#known.has(definition)) this.#known.set(definition, this.#read(definition));
    return this.#known.get(definition);
  }

  #read(definition: AlertPolicyDefinition): AlertPolicy | undefined {
    const { version } = definition;
    const conditions = definition.conditions.map((each) =>
      this.#references.resolve('AlertCondition', version, each),
    );
    const targets = definition.notificationTargets.map((each) =>
      this.#references.resolve('AlertNotificationTarget', version, each),
    );
    if (conditions.includes(undefined) || targets.includes(undefined)) return undefined;
    return {
      ...described(definition),
      alertWhenNoData: definition.alertWhenNoData,
      alertWhenResolved: definition.alertWhenResolved,
      alertWhenBreaching: definition.alertWhenBreaching,
      conditions: conditions.flatMap((each) => (each ? this.condition(each) : [])),
      notificationTargets: targets.flatMap((each) => (each ? targetOf(each) : [])),
    };
  }

  condition(definition: AlertConditionDefinition): AlertCondition {
    const known = this.#conditions.get(definition);
    if (known) return known;
    const { severity, op, threshold, lookbackMs, alertAfterMs, document, path } = definition;
    if (op === 'lt' || op === 'lte')
      this.#findings.warn(
        'FD852',
        `op: ${op} alerts while the burn rate is ${op === 'lt' ? 'below' : 'at most'} ${threshold}, as it is written; an example of the specification writes it for "exceeds"`,
        document,
        [...path, 'spec', 'condition', 'op'],
        'gt or gte, to alert of a budget that burns fast',
      );
    const condition = { ...described(definition), severity, op, threshold, lookbackMs, alertAfterMs };
    this.#conditions.set(definition, condition);
    return condition;
  }
}

function targetOf(definition: NotificationTargetDefinition): NotificationTarget {
  return { ...described(definition), target: definition.target };
}

function described({
  metadata,
  description,
  document,
  path,
}: Definition['definition'] & { readonly description: string | undefined }) {
  return {
    name: metadata.name,
    displayName: metadata.displayName,
    description,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    place: document.placeOf([...path, 'metadata', 'name']),
  };
}
