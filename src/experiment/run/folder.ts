// The run folder: everything that a run leaves for judging and reading again, and where each thing stands in it.

import { stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UserError } from '../../base/diagnostics.ts';
import { makeFolder } from '../../base/make-folder.ts';
import type { Random } from '../../base/random.ts';

export interface RunFolder {
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  readonly experiment: string;
  readonly timeline: string;
  readonly recording: string;
  readonly openMetrics: string;
  /** Real samples that long windows were warmed with, in the form of a recording; most runs have none. */
  readonly history: string;
  readonly notifications: string;
  readonly logs: string;
  /** Run folders of the trials, in a drill that has several, which has then no recording of its own. */
  readonly trials: string;
  readonly verdict: string;
  readonly report: string;
}

export function runFolderAt(path: string): RunFolder {
  const absolute = resolve(path);
  return {
    id: absolute.split('/').at(-1)!,
    path: absolute,
    experiment: join(absolute, 'experiment.yaml'),
    timeline: join(absolute, 'timeline.jsonl'),
    recording: join(absolute, 'recording'),
    openMetrics: join(absolute, 'recording.om'),
    history: join(absolute, 'history'),
    notifications: join(absolute, 'notifications'),
    logs: join(absolute, 'logs'),
    trials: join(absolute, 'trials'),
    verdict: join(absolute, 'verdict.json'),
    report: join(absolute, 'report.html'),
  };
}

/** Named after the start and the experiment so that a listing reads in order. */
function newFolderAt(runs: string, name: string, startMs: number, random: Random): RunFolder {
  const stamp = new Date(startMs).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const suffix = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  return runFolderAt(join(runs, `${stamp}-${name}-${suffix}`));
}

/** The folder below `runs` of a drill of several trials: their run folders stand in its `trials`. */
export async function createTrialsFolder(
  runs: string,
  name: string,
  startMs: number,
  random: Random,
): Promise<RunFolder> {
  const folder = newFolderAt(runs, name, startMs, random);
  try {
    await makeFolder(folder.trials);
  } catch (error) {
    throw notWritten(folder, error);
  }
  return folder;
}

/** A new folder below `runs`. */
export async function createRunFolder(
  runs: string,
  name: string,
  startMs: number,
  random: Random,
): Promise<RunFolder> {
  const folder = newFolderAt(runs, name, startMs, random);
  try {
    for (const part of [folder.recording, folder.notifications, folder.logs]) await makeFolder(part);
    // A full disk often lets folders be made and files be opened; only writing and reading back shows it.
    await writeFile(folder.experiment, ' '.repeat(4096), { flush: true });
    if ((await stat(folder.experiment)).size !== 4096) throw new Error('short write');
  } catch (error) {
    throw notWritten(folder, error);
  }
  return folder;
}

/** Writes files of the run folder, by their absolute path; FD801 when one of them cannot be written. */
export async function writeRunFiles(
  folder: RunFolder,
  files: readonly (readonly [path: string, text: string])[],
): Promise<void> {
  try {
    for (const [path, text] of files) await writeFile(path, text);
  } catch (error) {
    throw notWritten(folder, error);
  }
}

function notWritten(folder: RunFolder, error: unknown): UserError {
  return UserError.of(
    'FD801',
    `the run folder ${folder.path} cannot be written: ${(error as Error).message}`,
  );
}
