import { type ErrorCode, exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { parseDuration } from '../../base/duration.ts';
import { exitCodeOf, type Gate } from '../../experiment/judge/exit-code.ts';
import type { Planning } from '../../experiment/plan/plan.ts';
import { orderedVerdict } from '../../report/json.ts';
import { renderTerminal } from '../../report/terminal/render.ts';
import {
  type ChaosToolkitOptions,
  drillChaosToolkit,
  dryRunJson,
  dryRunText,
  looksLikeChaosToolkit,
  readChaosToolkitFile,
} from '../chaos-toolkit.ts';
import { type DrillResult, drill, planDrill, readFile, userStop } from '../drill.ts';
import { showDiagnostics } from '../failure.ts';
import { planJson, planText } from '../plan-text.ts';
import { parseWantedReport, type WantedReport, writeReport } from '../reports.ts';
import { print, printJson, readUserFile, terminalOptions } from '../surroundings.ts';
import { runTrials, type Trial, type TrialResult, type Trials } from '../trials.ts';

export interface RunOptions extends ChaosToolkitOptions {
  readonly output: 'text' | 'json';
  readonly notify: string;
  readonly runs: string;
  readonly dryRun?: boolean;
  readonly report?: readonly string[];
  readonly gate: Gate;
  readonly allow?: readonly string[];
  readonly projection: boolean;
  readonly inconclusive: 'fail' | 'warn';
  readonly until?: string;
  readonly trials?: string;
  readonly retryInconclusive?: string;
}

export async function run(file: string, options: RunOptions): Promise<number> {
  const reports = (options.report ?? []).map(parseWantedReport);
  const warnOnly = warnsOnly(options);
  const text = await readUserFile(file);
  const job = looksLikeChaosToolkit(file, text)
    ? await chaosToolkitJob(file, text, options)
    : await experimentJob(file, options);
  if (options.dryRun) {
    await job.tellPlan();
    return exitCodes.pass;
  }
  const { trials, drill } = job;
  const stop = userStop();
  const isSingle = trials.planned === 1 && trials.retriesMax === 0;
  const result = isSingle
    ? await drill({ trial: 1, runs: options.runs, stop })
    : await runTrials(trials, drill, options.runs, stop);
  tellResult(result, options);
  const unwritten = await writeReports(reports, result);
  const code = exitCodeOf(result.verdict, { gate: options.gate });
  const failure = result.failure ?? unwritten;
  // What is still broken on the machine comes before everything else.
  if (failure && code !== exitCodes.notUndone) return failure.exitCode;
  return code === exitCodes.inconclusive && warnOnly ? exitCodes.pass : code;
}

/** What a file comes to, whoever's format it is in. */
interface Job {
  readonly trials: Trials;
  tellPlan(): Promise<void>;
  drill(trial: Trial): Promise<TrialResult>;
}

async function experimentJob(file: string, options: RunOptions): Promise<Job> {
  refuseStrategies(options);
  const notify = notifyOf(options.notify);
  const allowed = (options.allow ?? []).map(liftable);
  const { projection, runs } = options;
  const experiment = await readFile(file, {
    sets: options.set ?? [],
    targets: options.target ?? [],
    durationMs: durationOf(options.duration),
    trials: countOf('--trials', options.trials, 1),
  });
  const { name, trials: planned, minPass = planned } = experiment;
  return {
    trials: {
      name,
      planned,
      minPass,
      retriesMax: countOf('--retry-inconclusive', options.retryInconclusive, 0) ?? 0,
    },
    tellPlan: async () => {
      const plan = await planDrill(experiment, { notify, allowed, runs });
      if (options.output === 'json') printJson(await planJson(plan));
      else print(await planText(plan, terminalOptions()));
    },
    drill: ({ trial, runs, stop }) =>
      drill(experiment, { notify, allowed, projection, runs, trial, userStop: stop }),
  };
}

async function chaosToolkitJob(file: string, text: string, options: RunOptions): Promise<Job> {
  const { projection, hypothesisFrequency } = options;
  const planned = countOf('--trials', options.trials, 1) ?? 1;
  const once = await readChaosToolkitFile(file, text, options);
  const read = { ...once, experiment: { ...once.experiment, trials: planned } };
  const retriesMax = countOf('--retry-inconclusive', options.retryInconclusive, 0) ?? 0;
  return {
    trials: { name: read.experiment.name, planned, minPass: planned, retriesMax },
    tellPlan: async () => {
      if (options.output === 'json') printJson(dryRunJson(read));
      else print(dryRunText(read, terminalOptions()));
    },
    drill: async ({ trial, runs, stop }) => ({
      ...(await drillChaosToolkit(read, { projection, runs, trial, userStop: stop }, hypothesisFrequency)),
      forgetMs: 0,
    }),
  };
}

function refuseStrategies(options: ChaosToolkitOptions): void {
  const { hypothesisStrategy, hypothesisFrequency, rollbackStrategy } = options;
  if ((hypothesisStrategy ?? hypothesisFrequency ?? rollbackStrategy) === undefined) return;
  throw UserError.of('FD115', 'strategies of hypothesis and rollbacks are for experiments of Chaos Toolkit');
}

/** Why one of them could not be written; the others are. */
async function writeReports(
  reports: readonly WantedReport[],
  result: DrillResult,
): Promise<UserError | undefined> {
  let failure: UserError | undefined;
  for (const report of reports) {
    try {
      await writeReport(report, result);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      showDiagnostics(error.diagnostics);
      failure = error;
    }
  }
  return failure;
}

function tellResult(result: DrillResult, options: RunOptions): void {
  if (result.failure) showDiagnostics(result.failure.diagnostics);
  if (options.output === 'text') print(renderTerminal(result, terminalOptions()));
  else printJson(orderedVerdict(result.verdict, result.experiment.secrets));
}

const countMax = 100;

function countOf(option: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= countMax) return count;
  throw UserError.of('FD105', `${option} ${text}`, {
    expected: `a whole number from ${least} to ${countMax}`,
  });
}

export function notifyOf(text: string): Planning['notify'] {
  if (text === 'capture' || text === 'deliver' || text === 'shadow') return text;
  throw UserError.of('FD105', `--notify ${text}`, { expected: 'capture, shadow or deliver' });
}

/** The refusals that somebody may have a reason to lift; all others say that something cannot be done. */
const liftableCodes: readonly ErrorCode[] = [
  ...(['FD510', 'FD511', 'FD512', 'FD514'] as const),
  ...(['FD515', 'FD516', 'FD806', 'FD810'] as const),
];
/** Another word for the refusal of the machine itself. */
const hostWord = 'host';

function liftable(text: string): ErrorCode {
  const code = text === hostWord ? 'FD515' : liftableCodes.find((each) => each === text);
  if (code) return code;
  throw UserError.of('FD105', `--allow ${text}`, {
    expected: `one of ${liftableCodes.join(', ')}, ${hostWord}`,
  });
}

function durationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw UserError.of('FD112', `--duration ${text}`, { expected: 'a duration such as 500ms, 30s or 5m' });
}

/** An exception that never ends is a gate that is never closed. */
function warnsOnly({ inconclusive, until }: RunOptions): boolean {
  if (inconclusive !== 'warn') return false;
  const end = until === undefined ? Number.NaN : Date.parse(until);
  if (Number.isNaN(end))
    throw UserError.of('FD105', '--inconclusive warn needs --until with a date', {
      expected: '--until 2027-01-31',
    });
  return systemClock.now() < end;
}
