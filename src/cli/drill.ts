// Carries out one experiment from the command line: progress on stderr while it runs, reports in its folder when it
// is over. `run` and `demo` are made of it.

import type { ErrorCode } from '../base/catalogue.ts';
import { steadyClock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { redact } from '../base/redact.ts';
import { readExperiment } from '../experiment/file/read.ts';
import type { Experiment } from '../experiment/model.ts';
import { type Plan, type Planning, planRun } from '../experiment/plan/plan.ts';
import { earlierDrills } from '../experiment/run/earlier-drills.ts';
import { writeRunFiles } from '../experiment/run/folder.ts';
import { type RunResult, runExperiment } from '../experiment/run/run.ts';
import type { Verdict } from '../experiment/verdict.ts';
import { createFaultKinds } from '../faults/kinds.ts';
import { probeMachine } from '../faults/machine.ts';
import { renderHtml } from '../report/html/render.ts';
import type { ReportInput } from '../report/input.ts';
import { orderedVerdict, renderJson } from '../report/json.ts';
import { plainLine } from '../report/live/plain-line.ts';
import { LiveRun } from '../report/live/state.ts';
import { LiveView } from '../report/live/view.ts';
import { colorOn } from './color.ts';
import { showDiagnostics } from './failure.ts';
import { beside, openJournal, readUserFile, userFiles } from './surroundings.ts';
import { version } from './version.ts';

export interface DrillOptions {
  readonly sets?: readonly string[];
  readonly targets?: readonly string[];
  /** For faults that say nothing about how long they last. */
  readonly durationMs?: number | undefined;
  /** In the place of the file's own. */
  readonly trials?: number | undefined;
  readonly allowed?: readonly ErrorCode[];
  readonly notify: Planning['notify'];
  readonly projection: boolean;
  readonly runs: string;
  readonly trial: number;
  readonly userStop: UserStop;
}

export interface DrillResult extends ReportInput {
  readonly verdict: Verdict;
  /** What kept the run from being carried out, or its result from being written. */
  readonly failure: UserError | undefined;
}

export async function readFile(
  file: string,
  { sets, targets, durationMs, trials }: Pick<DrillOptions, 'sets' | 'targets' | 'durationMs' | 'trials'>,
): Promise<Experiment> {
  const read = await readExperiment({
    file,
    text: await readUserFile(file),
    env: process.env,
    sets: sets ?? [],
    targets: targets ?? [],
    durationMs,
    trials,
    files: userFiles,
  });
  if (!read.ok) throw new UserError(read.diagnostics);
  showDiagnostics(read.warnings);
  return read.value;
}

export async function planDrill(
  experiment: Experiment,
  options: Pick<DrillOptions, 'allowed' | 'notify' | 'runs'>,
): Promise<Plan> {
  return planRun(experiment, {
    clock: steadyClock,
    machine: await probeMachine(),
    kinds: createFaultKinds([process.execPath, beside('stress-worker.js')]),
    allowed: new Set(options.allowed),
    notify: options.notify,
    env: process.env,
    readFile: readUserFile,
    earlierDrills: () => earlierDrills(options.runs),
  });
}

/** Plans and runs; the run folder holds verdict.json and report.html when it resolves. */
export async function drill(
  experiment: Experiment,
  options: DrillOptions,
): Promise<DrillResult & Pick<Plan, 'forgetMs'>> {
  const plan = await planDrill(experiment, options);
  const result = await reported(experiment, options, (around, line) => {
    tellDrivers(plan, line);
    return runExperiment(plan, around);
  });
  return { ...result, forgetMs: Math.max(0, plan.forgetMs - plan.judged.phases.baselineMs) };
}

type Surroundings = Parameters<typeof runExperiment>[1];

/** Shows how the run goes, and writes what comes of it into its folder. */
export async function reported(
  experiment: Experiment,
  options: Pick<DrillOptions, 'runs' | 'trial' | 'projection' | 'userStop'>,
  run: (around: Surroundings, line: (text: string) => void) => Promise<RunResult>,
): Promise<DrillResult> {
  const view = progress(experiment);
  try {
    view.start();
    const around: Surroundings = {
      clock: steadyClock,
      journal: openJournal(),
      runs: options.runs,
      env: process.env,
      watchdogCommand: [process.execPath, beside('watchdog.js')],
      version,
      trial: options.trial,
      projection: options.projection,
      userStop: options.userStop.stop,
      hurry: options.userStop.hurry,
      onEvent: view.onEvent,
      onReading: view.onReading,
    };
    const { folder, timeline, recording, failure, ...result } = await run(around, view.line);
    const verdict = { ...result.verdict, report: folder.report };
    const input: ReportInput = { experiment, timeline, recording, verdict };
    const unwritten = await writeRunFiles(folder, [
      [folder.verdict, renderJson(verdict, experiment.secrets)],
      [folder.report, renderHtml(input)],
    ]).catch((error: UserError) => error);
    return {
      ...input,
      verdict: orderedVerdict({ ...verdict, report: unwritten ? null : folder.report }, experiment.secrets),
      failure: failure ?? unwritten ?? undefined,
    };
  } finally {
    view.stop();
  }
}

interface Progress {
  start(): void;
  stop(): void;
  line(text: string): void;
  onEvent: Parameters<typeof runExperiment>[1]['onEvent'];
  onReading: Parameters<typeof runExperiment>[1]['onReading'];
}

/** A live view on a terminal, a line an event elsewhere. */
function progress(experiment: Experiment): Progress {
  const live = new LiveRun(experiment, steadyClock.now());
  const line = (text: string) => void process.stderr.write(`${redact(text, experiment.secrets)}\n`);
  if (!process.stderr.isTTY) {
    const tell = (text: string | undefined) => (text === undefined ? undefined : line(text));
    return {
      start: () => {},
      stop: () => {},
      line,
      onEvent: (event) => tell(plainLine(event)),
      onReading: () => {},
    };
  }
  const view = new LiveView({
    stream: process.stderr,
    color: colorOn(process.stderr),
    secrets: experiment.secrets,
    state: () => live.state(steadyClock.now()),
  });
  return {
    start: () => view.start(),
    stop: () => view.stop(),
    line,
    onEvent: (event) => live.onEvent(event),
    onReading: ({ name, value }) => live.onValue(name, value),
  };
}

/** Says in one line a fault when a better driver could not be used. */
function tellDrivers(plan: Plan, line: (text: string) => void): void {
  for (const { spec, injections } of plan.faults) {
    for (const { driver, passedOver } of injections) {
      const better = passedOver.map((each) => `${each.driver}: ${each.reason}`).join('; ');
      if (better) line(`${spec.name} uses the driver ${driver.name} (${better})`);
    }
  }
}

/** What Ctrl-C, SIGTERM and SIGHUP ask for. */
export interface UserStop {
  /** Aborted by the first: take back every fault, end the targets, write the report. */
  readonly stop: AbortSignal;
  /** Aborted by the second: the same, without waiting for what would like to end by itself. */
  readonly hurry: AbortSignal;
}

export function userStop(): UserStop {
  const stop = new AbortController();
  const hurry = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) tell('stopping: taking back every fault, then writing the report');
      else if (!hurry.signal.aborted) tell('hurrying: nobody is given time to end by itself any more');
      (stop.signal.aborted ? hurry : stop).abort();
    });
  }
  return { stop: stop.signal, hurry: hurry.signal };
}

function tell(line: string): void {
  process.stderr.write(`\n${line}\n`);
}
