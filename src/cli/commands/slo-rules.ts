// slo rules: Prometheus rules that watch objectives and alert on how fast their budgets burn.

import { exitCodes } from '../../base/catalogue.ts';
import { type Diagnostic, UserError } from '../../base/diagnostics.ts';
import { formatDuration, parseDuration } from '../../base/duration.ts';
import type { Objective, SimpleObjective } from '../../slo/objective.ts';
import { type AlertWindows, builtInWindows, readAlertWindows } from '../../slo/rules/alert-windows.ts';
import { policyRuleFile } from '../../slo/rules/openslo.ts';
import { policyRouteYaml } from '../../slo/rules/openslo-route.ts';
import { type PyrraRules, pyrraRuleFile, pyrraRuleObjects } from '../../slo/rules/pyrra.ts';
import { type PrometheusRule, type RuleFileContent, ruleFilesYaml } from '../../slo/rules/rule-groups.ts';
import { namelessSlothAlerts, slothRuleFiles } from '../../slo/rules/sloth.ts';
import {
  unreachablePolicies,
  unreachablePyrraAlerts,
  unreachableSlothAlerts,
} from '../../slo/rules/unreachable.ts';
import { showDiagnostics } from '../failure.ts';
import { writeText } from '../reports.ts';
import { readSloFiles } from '../slo-files.ts';
import { print, readUserFile, warn } from '../surroundings.ts';
import { pairsOption } from '../time-option.ts';

export type RuleStyle = 'sloth' | 'pyrra' | 'openslo';

export interface SloRulesOptions {
  readonly style?: RuleStyle;
  readonly label?: readonly string[];
  readonly period: string;
  readonly windows?: readonly string[];
  readonly slothVersion: string;
  readonly optimise: boolean;
  readonly generic?: boolean;
  readonly exactLe?: boolean;
  readonly operatorRule?: boolean;
  readonly route?: string;
  readonly to?: string;
  readonly enableFeature?: readonly string[];
}

interface Made {
  readonly files: readonly (RuleFileContent | PrometheusRule)[];
  readonly diagnostics: readonly Diagnostic[];
}

export async function sloRules(paths: readonly string[], options: SloRulesOptions): Promise<number> {
  const objectives = await readSloFiles(paths, options.enableFeature);
  const windows = await alertWindows(options);
  const labels = Object.fromEntries(pairsOption('--label', options.label));
  const generators: Readonly<Record<RuleStyle, (own: readonly Objective[]) => Made>> = {
    sloth: (own) => {
      const simple = simpleOnes(own);
      const { slothVersion: version, optimise: optimised } = options;
      return {
        files: slothRuleFiles(simple, { windows, labels, version, optimised }),
        diagnostics: simple.flatMap((objective) => [
          ...namelessSlothAlerts(objective),
          ...unreachableSlothAlerts(objective, windows),
        ]),
      };
    },
    pyrra: (own) => {
      const { files, diagnostics } = pyrraRules(own, labels, options);
      // Of what is refused there are no alerts.
      const isWritten = diagnostics.every(({ severity }) => severity !== 'error');
      const unreachable = isWritten ? own.flatMap(unreachablePyrraAlerts) : [];
      return { files, diagnostics: [...diagnostics, ...unreachable] };
    },
    openslo: (own) => ({
      files: [policyRuleFile(own, { labels })],
      diagnostics: own.flatMap(unreachablePolicies),
    }),
  };
  const made = (Object.keys(generators) as RuleStyle[]).flatMap((style) => {
    const own = objectives.filter((objective) => (options.style ?? ownStyle(objective)) === style);
    return own.length === 0 ? [] : [generators[style](own)];
  });
  const diagnostics = made.flatMap((each) => each.diagnostics);
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new UserError(diagnostics);
  showDiagnostics(diagnostics);
  const files = made.flatMap((each) => each.files);
  const plainCount = files.filter((file) => 'groups' in file).length;
  if (plainCount > 1)
    warn(
      `${plainCount} rule files are written as documents of one: Prometheus reads the first only, so write each on its own`,
    );
  const text = ruleFilesYaml(files);
  if (options.to === undefined) print(text);
  else await writeText(options.to, text);
  if (options.route !== undefined) await writeText(options.route, policyRouteYaml(objectives));
  return exitCodes.pass;
}

function pyrraRules(
  objectives: readonly Objective[],
  labels: Readonly<Record<string, string>>,
  { generic = false, exactLe = false, operatorRule = false }: SloRulesOptions,
): PyrraRules {
  const make = operatorRule ? pyrraRuleObjects : pyrraRuleFile;
  return make(objectives, { labels, generic, exactLe });
}

/** Alert policies are OpenSLO's own way to say what to alert on. */
function ownStyle({ alertPolicies, pyrra }: Objective): RuleStyle {
  if (pyrra) return 'pyrra';
  return alertPolicies.length > 0 ? 'openslo' : 'sloth';
}

function simpleOnes(objectives: readonly Objective[]): SimpleObjective[] {
  for (const { kind, id } of objectives)
    if (kind === 'composite')
      warn(`${id} is composite: rules in the style of Sloth are of one indicator each`);
  return objectives.filter((objective) => objective.kind === 'simple');
}

/** Of the files given, else of those built in: the set whose period is asked for. */
async function alertWindows({ windows = [], period }: SloRulesOptions): Promise<AlertWindows> {
  const periodMs = parseDuration(period);
  const sets = [...builtInWindows];
  for (const file of windows) {
    const read = readAlertWindows(file, await readUserFile(file));
    if (!read.ok) throw new UserError(read.diagnostics);
    sets.unshift(read.value);
  }
  const found = sets.find((set) => set.periodMs === periodMs);
  if (found) return found;
  throw UserError.of('FD904', `--period: there are no alert windows for ${JSON.stringify(period)}`, {
    expected: `${[...new Set(sets.map((set) => formatDuration(set.periodMs)))].join(', ')}, or another set with --windows FILE`,
  });
}
