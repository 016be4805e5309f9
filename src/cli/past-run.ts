// A past run, read back from its folder: what judging and reporting need.

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/diagnostics.ts';
import { redacted } from '../base/redact.ts';
import { historyOfRun } from '../experiment/history/rebuild.ts';
import { WarmedSource } from '../experiment/history/warmed-source.ts';
import { judge } from '../experiment/judge/judge.ts';
import { judgeTrials } from '../experiment/judge/trials.ts';
import type { Experiment } from '../experiment/model.ts';
import { type RunFolder, runFolderAt } from '../experiment/run/folder.ts';
import { readTimeline } from '../experiment/run/timeline-log.ts';
import type { TimelineEvent } from '../experiment/timeline.ts';
import { firstEvent, type ReportInput } from '../report/input.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';
import { SeriesStore } from '../telemetry/metrics/store.ts';
import { readRecording } from '../telemetry/recording/reader.ts';

export interface PastRun extends ReportInput {
  readonly folder: RunFolder;
  /** What was lost of the recording, when the runner was killed. */
  readonly warnings: readonly string[];
}

/** `run` is a folder, or the id of one below `runs`. Judged anew from what was recorded. */
export async function readPastRun(run: string, runs: string, projection: boolean): Promise<PastRun> {
  const folder = await findFolder(run, runs);
  const names = await readdir(folder.trials).catch(() => []);
  if (names.length === 0) return readOneRun(folder, projection);
  const trials: (PastRun & { readonly trial: number })[] = [];
  // One after the other: each holds its recording in memory.
  for (const name of names.sort()) {
    const past = await readOneRun(runFolderAt(join(folder.trials, name)), projection);
    trials.push({ ...past, trial: firstEvent(past.timeline, 'run.started')?.trial ?? 1 });
  }
  const { trials: planned, minPass = planned } = trials[0]!.experiment;
  const judged = judgeTrials(trials, { planned, minPass, endedBy: null });
  const verdict = { ...judged, runFolder: folder.path, report: folder.report };
  const shown = trials.find((past) => past.verdict.run === judged.run)!;
  return { ...shown, folder, verdict, warnings: trials.flatMap(({ warnings }) => warnings) };
}

async function readOneRun(folder: RunFolder, projection: boolean): Promise<PastRun> {
  const experiment = await readFile(join(folder.path, 'experiment.json'), 'utf8').then(
    (text) => JSON.parse(text) as Experiment,
    () => undefined,
  );
  const timeline = await Promise.resolve()
    .then(() => readTimeline(folder.timeline))
    .catch(() => undefined);
  if (!experiment || !timeline)
    throw UserError.of('FD805', `${folder.path} has no ${experiment ? 'timeline.jsonl' : 'experiment.json'}`);
  refuseHiddenExpressions(experiment);
  // Probes of Chaos Toolkit are in the timeline; nothing was scraped.
  const { store, warnings } = experiment.chaosToolkit
    ? { store: new SeriesStore(), warnings: [] }
    : await readRecording(folder.recording);
  const history = await keptHistory(folder, experiment, timeline, store);
  // A run that was killed has none until `firedrill report` writes it.
  const written = await stat(folder.report).catch(() => undefined);
  const verdict = {
    ...judge(experiment, timeline, store, { projection, ...(history && { history }) }),
    runFolder: folder.path,
    report: written ? folder.report : null,
  };
  const recording = history ? new WarmedSource(history, store) : store;
  return { folder, experiment, timeline, recording, verdict, warnings };
}

/** What long windows were warmed with: made again, but for real samples, which were kept. */
async function keptHistory(
  folder: RunFolder,
  { telemetry }: Experiment,
  timeline: readonly TimelineEvent[],
  live: Queryable,
): Promise<Queryable | undefined> {
  const real = timeline.some((event) => event.type === 'history.warmed' && event.real !== undefined)
    ? { source: (await readRecording(folder.history)).store, from: folder.history, shiftMs: 0 }
    : undefined;
  return historyOfRun(timeline, live, new Set(telemetry.features), real);
}

/** An expression means something else, or nothing, without the value of the environment that stood in it. */
function refuseHiddenExpressions({ objectives, faults }: Experiment): void {
  const expressions = [
    ...objectives.map(({ name, promql }) => ({ owner: `objective ${name}`, promql })),
    ...faults.map(({ name, effect }) => ({ owner: `fault ${name}`, promql: effect.promql ?? '' })),
  ];
  const hidden = expressions.find(({ promql }) => promql.includes(redacted));
  if (!hidden) return;
  const message = `${hidden.owner} held a value of the environment, which is not kept: ${hidden.promql}`;
  throw UserError.of('FD805', message, {
    hint: 'Only the run itself could judge it; its verdict.json and report.html are in its folder.',
  });
}

async function findFolder(run: string, runs: string): Promise<RunFolder> {
  for (const path of [run, join(runs, run)]) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) return runFolderAt(path);
  }
  throw UserError.of('FD804', `there is no run ${run}, neither as a folder nor below ${runs}`);
}
