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
import { type DrillResult, drill, planDrill, readFile, type UserStop, userStop } from '../drill.ts';
import { showDiagnostics } from '../failure.ts';
import { planJson, planText } from '../plan-text.ts';
import { parseWantedReport, type WantedReport, writeReport } from '../reports.ts';
import { print, printJson, readUserFile, terminalOptions } from '../surroundings.ts';

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
  const stop = userStop();
  const results: DrillResult[] = [];
  for (let trial = 1; trial <= job.trials && !stop.stop.aborted; trial++) {
    const result = await job.drill(trial, stop);
    results.push(result);
    if (!['pass', 'inconclusive'].includes(result.verdict.verdict)) break;
  }
  const worst = worstOf(results);
  tellResult(results, worst, options);
  const unwritten = await writeReports(reports, worst);
  const code = exitCodeOf(worst.verdict, { gate: options.gate });
  const failure = worst.failure ?? unwritten;
  // What is still broken on the machine comes before everything else.
  if (failure && code !== exitCodes.notUndone) return failure.exitCode;
  return code === exitCodes.inconclusive && warnOnly ? exitCodes.pass : code;
}

/** What a file comes to, whoever's format it is in. */
interface Job {
  readonly trials: number;
  tellPlan(): Promise<void>;
  drill(trial: number, userStop: UserStop): Promise<DrillResult>;
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
  });
  return {
    trials: experiment.trials,
    tellPlan: async () => {
      const plan = await planDrill(experiment, { notify, allowed, runs });
      if (options.output === 'json') printJson(await planJson(plan));
      else print(await planText(plan, terminalOptions()));
    },
    drill: (trial, stop) => drill(experiment, { notify, allowed, projection, runs, trial, userStop: stop }),
  };
}

async function chaosToolkitJob(file: string, text: string, options: RunOptions): Promise<Job> {
  const { projection, runs, hypothesisFrequency } = options;
  const read = await readChaosToolkitFile(file, text, options);
  return {
    trials: 1,
    tellPlan: async () => {
      if (options.output === 'json') printJson(dryRunJson(read));
      else print(dryRunText(read, terminalOptions()));
    },
    drill: (trial, stop) =>
      drillChaosToolkit(read, { projection, runs, trial, userStop: stop }, hypothesisFrequency),
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

function tellResult(results: readonly DrillResult[], worst: DrillResult, options: RunOptions): void {
  if (worst.failure) showDiagnostics(worst.failure.diagnostics);
  if (options.output === 'text') {
    print(renderTerminal(worst, terminalOptions()));
    return;
  }
  const trials = results.map(({ verdict }) => ({
    run: verdict.run,
    verdict: verdict.verdict,
    runFolder: verdict.runFolder,
  }));
  printJson({
    ...orderedVerdict(worst.verdict, worst.experiment.secrets),
    ...(trials.length > 1 ? { trials } : {}),
  });
}

const severity = ['pass', 'inconclusive', 'fail', 'stopped', 'error'] as const;

/** Any fail fails, pass needs all; the report that is shown is that of the worst trial. */
function worstOf(results: readonly DrillResult[]): DrillResult {
  return results.reduce((worst, next) =>
    severity.indexOf(next.verdict.verdict) > severity.indexOf(worst.verdict.verdict) ? next : worst,
  );
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
