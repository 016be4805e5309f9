// Chaos Toolkit experiments from the command line: read, looked at on this machine, and played.

import pc from 'picocolors';
import { steadyClock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { parseDuration } from '../base/duration.ts';
import { redact } from '../base/redact.ts';
import { parseYamlDocuments } from '../base/yaml.ts';
import { checkMachine } from '../experiment/chaos-toolkit/machine.ts';
import type {
  Activity,
  ChaosToolkitExperiment,
  HypothesisStrategy,
  RollbackStrategy,
} from '../experiment/chaos-toolkit/model.ts';
import type { ProviderContext } from '../experiment/chaos-toolkit/providers/provider.ts';
import { pythonCommand } from '../experiment/chaos-toolkit/providers/python.ts';
import {
  type ChaosToolkitFile,
  isChaosToolkit,
  readChaosToolkit,
  subjectOf,
} from '../experiment/chaos-toolkit/read.ts';
import { runChaosToolkit } from '../experiment/chaos-toolkit/run.ts';
import { variablesOf } from '../experiment/chaos-toolkit/substitution.ts';
import { shown } from '../experiment/chaos-toolkit/tolerance.ts';
import type { TerminalOptions } from '../report/terminal/paint.ts';
import { type DrillOptions, type DrillResult, reported } from './drill.ts';
import { showDiagnostics } from './failure.ts';

export interface ChaosToolkitOptions {
  readonly set?: readonly string[];
  readonly target?: readonly string[];
  readonly duration?: string;
  readonly hypothesisStrategy?: HypothesisStrategy;
  readonly hypothesisFrequency?: string;
  readonly rollbackStrategy?: RollbackStrategy;
}

export function looksLikeChaosToolkit(file: string, text: string): boolean {
  const parsed = parseYamlDocuments(file, text);
  return parsed.ok && isChaosToolkit(parsed.value);
}

/** Whatever can be known to be wrong is told before anything is run. */
export async function readChaosToolkitFile(
  file: string,
  text: string,
  options: ChaosToolkitOptions,
): Promise<ChaosToolkitFile> {
  refuseForeign(options);
  const read = readChaosToolkit({
    file,
    text,
    env: process.env,
    sets: options.set ?? [],
    hypothesisStrategy: options.hypothesisStrategy,
    rollbackStrategy: options.rollbackStrategy,
  });
  if (!read.ok) throw new UserError(read.diagnostics);
  showDiagnostics(read.warnings);
  const { chaosToolkit, document } = read.value;
  const problems = await checkMachine(document, machineOf(chaosToolkit));
  if (problems.length > 0) throw new UserError(problems);
  return read.value;
}

function machineOf({ configuration, secrets }: ChaosToolkitExperiment): ProviderContext {
  return {
    clock: steadyClock,
    env: process.env,
    folder: process.cwd(),
    configuration,
    secrets,
    variables: variablesOf(configuration, secrets),
    pythonCommand,
    stop: new AbortController().signal,
    onProcess: async () => async () => {},
  };
}

/** What only our own experiments and Chaos Mesh files take. */
function refuseForeign({ target, duration }: ChaosToolkitOptions): void {
  const option = target?.length ? '--target' : duration === undefined ? undefined : '--duration';
  if (option === undefined) return;
  throw UserError.of('FD115', `${option} means nothing in an experiment of Chaos Toolkit`, {
    expected: 'a file whose actions say what they do to whom',
  });
}

export async function drillChaosToolkit(
  { chaosToolkit, experiment }: ChaosToolkitFile,
  options: Pick<DrillOptions, 'runs' | 'trial' | 'projection' | 'userStop'>,
  frequency: string | undefined,
): Promise<DrillResult> {
  const frequencyMs = frequencyOf(frequency);
  return reported(experiment, options, (around) =>
    runChaosToolkit({
      ...around,
      chaosToolkit,
      experiment,
      workFolder: process.cwd(),
      pythonCommand,
      frequencyMs,
    }),
  );
}

const frequencyMsDefault = 1000;

function frequencyOf(text: string | undefined): number {
  if (text === undefined) return frequencyMsDefault;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw UserError.of('FD112', `--hypothesis-frequency ${text}`, {
    expected: 'a duration such as 500ms or 5s',
  });
}

/** What would be played, and with whom; nothing is. */
export function dryRunText(
  { chaosToolkit, experiment }: ChaosToolkitFile,
  { color }: TerminalOptions,
): string {
  const { bold, dim } = pc.createColors(color);
  const { hypothesis, method, rollbacks, asked, strategies } = chaosToolkit;
  const section = (title: string, activities: readonly Activity[]) =>
    activities.length === 0 ? [] : ['', bold(title), ...activities.flatMap(activityLines)];
  const lines = [
    bold(experiment.title),
    dim(`dry run of ${experiment.file}: nothing is touched`),
    ...section(
      'configuration that is asked for',
      asked.map(({ probe }) => probe),
    ),
    ...section(
      `hypothesis: ${hypothesis?.title ?? ''} (strategy ${strategies.hypothesis})`,
      hypothesis?.probes ?? [],
    ),
    ...section('method', method),
    ...section(`rollbacks (strategy ${strategies.rollbacks})`, rollbacks),
  ];
  return redact(lines.join('\n'), experiment.secrets);
}

function activityLines({ name, type, provider, tolerance, pauses, background }: Activity): string[] {
  const pausing = Object.entries(pauses).map(([when, seconds]) => `, pause ${when} ${seconds}s`);
  const given = 'arguments' in provider && provider.arguments !== undefined;
  return [
    `  ${type} ${name}${background ? ', in the background' : ''}${pausing.join('')}`,
    `    ${provider.type}: ${subjectOf(provider)}${given ? ` ${shown(provider.arguments)}` : ''}`,
    ...(tolerance === undefined ? [] : [`    tolerance: ${shown(tolerance)}`]),
  ];
}

export function dryRunJson({ chaosToolkit, experiment }: ChaosToolkitFile): unknown {
  const list = (activities: readonly Activity[]) =>
    activities.map(({ name, type, provider, tolerance, pauses, background }) => ({
      ...{ name, type, provider, pauses, background },
      ...(tolerance === undefined ? {} : { tolerance }),
    }));
  const { title, hypothesis, method, rollbacks, strategies, asked } = chaosToolkit;
  const document = {
    name: experiment.name,
    title,
    strategies,
    configuration: list(asked.map(({ probe }) => probe)),
    hypothesis: list(hypothesis?.probes ?? []),
    method: list(method),
    rollbacks: list(rollbacks),
  };
  return JSON.parse(redact(JSON.stringify(document), experiment.secrets));
}
