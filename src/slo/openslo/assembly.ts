// From definitions to objectives: references are followed, targets read from their text, and what the method of
// budgeting, the window and the sort of the indicator allow is checked.

import type { YamlPath } from '../../base/yaml.ts';
import { sourceTextOf } from '../../rules/scalar-text.ts';
import type { AlertPolicy, Budgeting, CompositePart, Objective, ObjectivePart, Sli } from '../objective.ts';
import { targetOf } from '../target.ts';
import type { TimeWindow } from '../time-window.ts';
import { AlertPolicies } from './alert-policies.ts';
import type { Definition, ObjectiveDefinition, SliDefinition, SloDefinition } from './definition.ts';
import type { Findings } from './findings.ts';
import { type Indicator, Indicators } from './indicator.ts';
import { References } from './references.ts';
import { isRfc1123Label, valueAt } from './scalars.ts';

/** What is taken where a file says nothing of its window: the specification says both "optional" and "exactly one". */
const windowDefault: TimeWindow = { type: 'rolling', durationMs: 30 * 86_400_000, text: '30d' };

/** Every objective that is whole; also what nobody refers to is looked through. */
export function assemble(definitions: readonly Definition[], findings: Findings): Objective[] {
  const assembly = new Assembly(definitions, findings);
  for (const { kind, definition } of definitions) {
    assembly.checkName(definition);
    if (kind === 'SLI') assembly.indicators.of(definition);
    if (kind === 'AlertPolicy') assembly.alertPolicies.of(definition);
    if (kind === 'AlertCondition') assembly.alertPolicies.condition(definition);
  }
  return definitions.flatMap(({ kind, definition }) =>
    kind === 'SLO' ? assembly.objectivesOf(definition) : [],
  );
}

class Assembly {
  readonly indicators: Indicators;
  readonly alertPolicies: AlertPolicies;
  readonly #references: References;
  readonly #findings: Findings;

  constructor(definitions: readonly Definition[], findings: Findings) {
    this.#findings = findings;
    this.#references = new References(definitions, findings);
    this.indicators = new Indicators(this.#references, findings);
    this.alertPolicies = new AlertPolicies(this.#references, findings);
  }

  checkName({ metadata, document, path }: Definition['definition']): void {
    if (isRfc1123Label(metadata.name)) return;
    this.#findings.warn(
      'FD852',
      `the name ${JSON.stringify(metadata.name)} is kept, as examples of the specification have such; its SDK takes RFC 1123 labels only`,
      document,
      [...path, 'metadata', 'name'],
      'lower-case letters, digits and `-`, at most 63 characters',
    );
  }

  objectivesOf(slo: SloDefinition): Objective[] {
    const window = this.#windowOf(slo);
    const alertPolicies = this.#policiesOf(slo);
    const parts = slo.objectives.map((objective) => this.#partOf(slo, objective, window));
    this.#checkCount(slo);
    const isWhole = alertPolicies !== undefined && this.#references.holds('SLO', slo);
    if (!isWhole) return [];
    const base = baseOf(slo, window, alertPolicies);
    if (slo.isComposite) {
      const whole = parts.filter((part) => part !== undefined);
      return whole.length === parts.length
        ? [{ ...base, ...identity(slo), kind: 'composite', parts: whole }]
        : [];
    }
    return parts.flatMap((part, index): Objective[] => {
      if (!part) return [];
      const { weight: _, displayName, ...simple } = part;
      const several = parts.length > 1;
      const own = { ...identity(slo, several ? index : undefined), ...(several && { displayName }) };
      return [{ ...base, ...own, ...simple, kind: 'simple' }];
    });
  }

  #windowOf({ window, document, path }: SloDefinition): TimeWindow {
    const at = [...path, 'spec', 'timeWindow'];
    if (!window) {
      this.#findings.warn(
        'FD852',
        'there is no timeWindow, which the specification calls optional and its SDK requires: 30 days, rolling, are taken',
        document,
        [...path, 'spec'],
        'timeWindow',
      );
      return windowDefault;
    }
    if (window.type === 'calendar' && window.unit === 'minute')
      this.#findings.warn(
        'FD852',
        `${window.text} is read as ${window.count === 1 ? 'a minute' : 'minutes'}, as the specification defines it; one of its examples means months`,
        document,
        [...at, 0, 'duration'],
        `${window.count}M for months`,
      );
    return window;
  }

  #policiesOf(slo: SloDefinition): AlertPolicy[] | undefined {
    const at = [...slo.path, 'spec', 'alertPolicies'];
    if (valueAt(slo.document, at) === null)
      this.#findings.warn(
        'FD852',
        'alertPolicies is empty: the specification wants a list, and its examples leave it so; there are no alerts',
        slo.document,
        at,
        'a list, or no alertPolicies',
      );
    const policies = slo.alertPolicies.map((each) => {
      const definition = this.#references.resolve('AlertPolicy', slo.version, each);
      return definition && this.alertPolicies.of(definition);
    });
    return policies.includes(undefined) ? undefined : policies.filter((policy) => policy !== undefined);
  }

  /** One threshold for one objective; v2alpha lifts that. */
  #checkCount(slo: SloDefinition): void {
    if (slo.version !== 'openslo/v1' || slo.isComposite || slo.objectives.length < 2) return;
    const sli = this.#sliOf(slo, slo.objectives[0]!);
    if (sli?.metric.type !== 'threshold') return;
    const at = slo.objectives[1]!.at;
    this.#findings.error(
      'FD851',
      'a thresholdMetric has one objective, and this is the second',
      slo.document,
      at,
      'one SLO for each',
    );
  }

  #partOf(slo: SloDefinition, objective: ObjectiveDefinition, window: TimeWindow): CompositePart | undefined {
    this.#checkEffect(slo, objective);
    const budgeting = this.#budgetingOf(slo, objective, window);
    const definition = this.#resolveSli(slo, objective);
    if (!definition) return undefined;
    const isThreshold = this.#checkComparison(slo, objective, definition);
    const indicator = this.indicators.of(definition);
    const sli = indicator && withThreshold(indicator, objective);
    if (!sli || !budgeting || isThreshold === 'wrong') return undefined;
    return {
      sli,
      target: this.#targetOf(slo, objective),
      budgeting,
      weight: objective.weight ?? 1,
      displayName: objective.displayName,
    };
  }

  #resolveSli(slo: SloDefinition, objective: ObjectiveDefinition): SliDefinition | undefined {
    const named = objective.indicator ?? slo.indicator;
    // One indicator of several objectives is missing once.
    if (named === slo.indicator && objective !== slo.objectives[0]) return this.#sliOf(slo, objective);
    return named && this.#references.resolve('SLI', slo.version, named);
  }

  /** Without a word when it is not there. */
  #sliOf(slo: SloDefinition, objective: ObjectiveDefinition): SliDefinition | undefined {
    const named = objective.indicator ?? slo.indicator;
    if (!named || 'inline' in named) return named?.inline;
    return this.#references.find(slo.version, 'SLI', named.reference);
  }

  /** `op` and `value` belong to thresholds, and only to them. */
  #checkComparison(
    slo: SloDefinition,
    objective: ObjectiveDefinition,
    { metric }: SliDefinition,
  ): 'right' | 'wrong' {
    const present = (['op', 'value'] as const).filter((key) => objective[key] !== undefined);
    if (metric.type === 'threshold') {
      for (const key of (['op', 'value'] as const).filter((each) => !present.includes(each)))
        this.#findings.error(
          'FD107',
          `${slo.document.nameOf([...objective.at, key])} is required with a thresholdMetric`,
          slo.document,
          objective.at,
          key === 'op' ? 'lte, gte, lt or gt' : 'a number',
        );
      return present.length === 2 ? 'right' : 'wrong';
    }
    // Every objective of v1alpha has a value, also where it means nothing.
    for (const key of slo.version === 'openslo/v1alpha' ? [] : present)
      this.#findings.warn(
        'FD852',
        `${key} means nothing for a ratio and is passed over, as examples of the specification have it; its SDK refuses it`,
        slo.document,
        [...objective.at, key],
        `no ${key}`,
      );
    return 'right';
  }

  #budgetingOf(
    slo: SloDefinition,
    objective: ObjectiveDefinition,
    window: TimeWindow,
  ): Budgeting | undefined {
    const { method } = slo;
    if (method === 'Occurrences') return { method };
    // v1alpha has no field for it, and its windows are of days.
    const sliceMs = objective.timeSliceWindowMs ?? 60_000;
    if (sliceMs > window.durationMs) {
      this.#findings.error(
        'FD851',
        `a slice is longer than the window of ${window.text}`,
        slo.document,
        [...objective.at, 'timeSliceWindow'],
        'a slice that fits many times into the window',
      );
      return undefined;
    }
    if (method === 'RatioTimeslices') return { method, sliceMs };
    return { method, sliceMs, sliceTarget: objective.timeSliceTarget ?? 1 };
  }

  /** Fields that the method or the sort of SLO makes meaningless, and numbers without a unit. */
  #checkEffect(slo: SloDefinition, objective: ObjectiveDefinition): void {
    const { method, isComposite, document } = slo;
    const idle: string[] = [];
    if (objective.timeSliceTarget !== undefined && method !== 'Timeslices') idle.push('timeSliceTarget');
    if (objective.timeSliceWindowMs !== undefined && method === 'Occurrences') idle.push('timeSliceWindow');
    for (const key of idle)
      this.#findings.warn('FD120', `${key} has no effect with ${method}`, document, [...objective.at, key]);
    if (objective.weight !== undefined && (!isComposite || method === 'Timeslices'))
      this.#findings.warn(
        'FD120',
        isComposite
          ? 'compositeWeight has no effect with Timeslices: a slice is good or bad'
          : 'compositeWeight has no effect: only the parts of a composite have a weight',
        document,
        [...objective.at, 'compositeWeight'],
      );
    const written = valueAt(document, [...objective.at, 'timeSliceWindow']);
    if (typeof written === 'number')
      this.#findings.warn(
        'FD852',
        `${written} is read as minutes, as the specification says; its SDK takes durations only`,
        document,
        [...objective.at, 'timeSliceWindow'],
        `${written}m`,
      );
  }

  #targetOf({ document }: SloDefinition, { target }: ObjectiveDefinition): ObjectivePart['target'] {
    const text = sourceTextOf(document, target.value, target.at);
    // YAML has numbers that no decimal pattern knows, such as 0x0.
    const read = targetOf(text, target.unit) ?? targetOf(String(target.value), target.unit);
    if (!read) throw new Error(`the schema let the target ${text} pass`);
    return read;
  }
}

function withThreshold(indicator: Indicator, { op, value }: ObjectiveDefinition): Sli | undefined {
  if (indicator.type !== 'threshold') return indicator;
  return op === undefined || value === undefined ? undefined : { ...indicator, op, value };
}

/** `index`: of which objective, where an SLO has several. */
function identity({ metadata }: SloDefinition, index?: number) {
  return {
    id: index === undefined ? metadata.name : `${metadata.name}-${index}`,
    name: metadata.name,
    index: index ?? 0,
  };
}

function baseOf(slo: SloDefinition, window: TimeWindow, alertPolicies: readonly AlertPolicy[]) {
  const { metadata, document, path, version } = slo;
  const place = document.placeOf([...path, 'metadata', 'name'] as YamlPath);
  return {
    displayName: metadata.displayName,
    description: slo.description,
    service: slo.service,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    window,
    alertPolicies,
    origin: { format: version, file: document.file, place },
  };
}
