// Rules as Pyrra generates them (pyrra-dev/pyrra slo/rules.go): groups for each objective, with its names, labels and texts, so that its
// dashboards keep working.

import type { Diagnostic } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import type { Objective } from '../objective.ts';
import { burnRateRules } from './pyrra-burn-rates.ts';
import { genericRules } from './pyrra-generic.ts';
import { increaseRules } from './pyrra-increase.ts';
import { type PyrraObjective, type PyrraOptions, pyrraObjective } from './pyrra-objective.ts';
import { increaseIntervalMs } from './pyrra-windows.ts';
import type { GeneratedGroup, GeneratedRule, PrometheusRule, RuleFileContent } from './rule-groups.ts';

export type { PyrraOptions };

export interface PyrraRules {
  readonly files: readonly (RuleFileContent | PrometheusRule)[];
  /** An error for each objective of which no rules can be made, and warnings. */
  readonly diagnostics: readonly Diagnostic[];
}

/** One file for Prometheus with the groups of all. */
export function pyrraRuleFile(objectives: readonly Objective[], options: PyrraOptions): PyrraRules {
  const { made, diagnostics } = ofAll(objectives, options);
  const groups = made.flatMap(({ pyrra, objective }) => {
    const { short, long } = increaseRules(pyrra);
    return [
      increaseGroup(pyrra, [...short, ...long]),
      burnRateGroup(pyrra),
      ...genericGroup(objective, pyrra, options, diagnostics),
    ];
  });
  return { files: groups.length === 0 ? [] : [{ groups: groups.filter(hasRules) }], diagnostics };
}

/** Objects for the Prometheus operator; with performanceOverAccuracy two, which ruleOutput may send to different places. */
export function pyrraRuleObjects(objectives: readonly Objective[], options: PyrraOptions): PyrraRules {
  const { made, diagnostics } = ofAll(objectives, options);
  const files = made.flatMap(({ pyrra, objective }) => {
    const { short, long } = increaseRules(pyrra);
    const generic = genericGroup(objective, pyrra, options, diagnostics);
    const { performanceOverAccuracy, ruleOutput } = pyrra.settings;
    if (!performanceOverAccuracy)
      return [
        prometheusRule(objective, pyrra, '', {}, [
          increaseGroup(pyrra, long),
          burnRateGroup(pyrra),
          ...generic,
        ]),
      ];
    const shortGroup = { ...increaseGroup(pyrra, short), interval: '30s' };
    return [
      prometheusRule(objective, pyrra, '-short', ruleOutput.shortRulesLabels, [
        shortGroup,
        burnRateGroup(pyrra),
      ]),
      prometheusRule(objective, pyrra, '-long', ruleOutput.longRulesLabels, [
        increaseGroup(pyrra, long),
        ...generic,
      ]),
    ];
  });
  return { files, diagnostics };
}

interface Made {
  readonly objective: Objective;
  readonly pyrra: PyrraObjective;
}

function ofAll(objectives: readonly Objective[], options: PyrraOptions) {
  const made: Made[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const objective of objectives) {
    const pyrra = pyrraObjective(objective, options);
    if ('code' in pyrra) diagnostics.push(pyrra);
    else made.push({ objective, pyrra });
  }
  return { made, diagnostics };
}

function increaseGroup({ name, windowMs }: PyrraObjective, rules: readonly GeneratedRule[]): GeneratedGroup {
  return { name: `${name}-increase`, interval: formatDuration(increaseIntervalMs(windowMs)), rules };
}

function burnRateGroup(pyrra: PyrraObjective): GeneratedGroup {
  return { name: pyrra.name, interval: '30s', rules: burnRateRules(pyrra) };
}

function genericGroup(
  objective: Objective,
  pyrra: PyrraObjective,
  { generic }: PyrraOptions,
  diagnostics: Diagnostic[],
): GeneratedGroup[] {
  if (!generic) return [];
  const rules = genericRules(pyrra);
  if (rules) return [{ name: `${pyrra.name}-generic`, interval: '30s', rules }];
  diagnostics.push({
    code: 'FD857',
    severity: 'warning',
    message: `${pyrra.name}: generic rules have one value for each objective, and this one is grouped: it has none`,
    at: objective.origin.place,
  });
  return [];
}

function hasRules({ rules }: GeneratedGroup): boolean {
  return rules.length > 0;
}

function prometheusRule(
  { labels }: Objective,
  { name, settings }: PyrraObjective,
  suffix: string,
  more: Readonly<Record<string, string>>,
  groups: readonly GeneratedGroup[],
): PrometheusRule {
  const { partialResponseStrategy, namespace } = settings;
  const strategy = partialResponseStrategy && { partial_response_strategy: partialResponseStrategy };
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {
      name: `${name}${suffix}`,
      ...(namespace !== undefined && { namespace }),
      labels: { ...plainLabels(labels), ...more },
    },
    spec: {
      groups: groups.filter(hasRules).map(({ rules, ...group }) => ({ ...group, ...strategy, rules })),
    },
  };
}

/** A label of Kubernetes has one value. */
function plainLabels(labels: Objective['labels']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (value[0] ?? ''),
    ]),
  );
}
