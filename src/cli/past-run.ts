// A past run, read back from its folder: what judging and reporting need.

import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/diagnostics.ts';
import { redacted } from '../base/redact.ts';
import { judge } from '../experiment/judge/judge.ts';
import type { Experiment } from '../experiment/model.ts';
import { type RunFolder, runFolderAt } from '../experiment/run/folder.ts';
import { readTimeline } from '../experiment/run/timeline-log.ts';
import type { ReportInput } from '../report/input.ts';
import { readRecording } from '../telemetry/recording/reader.ts';

export interface PastRun extends ReportInput {
  readonly folder: RunFolder;
  /** What was lost of the recording, when the runner was killed. */
  readonly warnings: readonly string[];
}

/** `run` is a folder, or the id of one below `runs`. Judged anew from what was recorded. */
export async function readPastRun(run: string, runs: string, projection: boolean): Promise<PastRun> {
  const folder = await findFolder(run, runs);
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
  const { store, warnings } = await readRecording(folder.recording);
  // A run that was killed has none until `firedrill report` writes it.
  const written = await stat(folder.report).catch(() => undefined);
  const verdict = {
    ...judge(experiment, timeline, store, { projection }),
    runFolder: folder.path,
    report: written ? folder.report : null,
  };
  return { folder, experiment, timeline, recording: store, verdict, warnings };
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
