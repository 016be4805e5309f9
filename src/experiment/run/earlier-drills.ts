// Drills that were carried out before, as their kept run folders tell of them: where they were watched, and until when
// their faults were in place.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Experiment } from '../model.ts';
import type { EarlierDrill } from '../plan/earlier-fault.ts';
import { runFolderAt } from './folder.ts';
import { readTimeline } from './timeline-log.ts';

/** A folder holds more runs than anyone looks back on; the newest are named last. */
const runsRead = 200;

/** Of the runs below a folder, those that broke something watched by a remote source. */
export async function earlierDrills(runs: string): Promise<readonly EarlierDrill[]> {
  const names = await readdir(runs).catch(() => []);
  const newest = names.sort().slice(-runsRead);
  const found = await Promise.all(
    newest.map(async (name) => {
      const path = join(runs, name);
      const trials = await readdir(runFolderAt(path).trials).catch(() => []);
      return Promise.all(
        trials.length === 0
          ? [earlierDrill(path)]
          : trials.map((trial) => earlierDrill(join(runFolderAt(path).trials, trial))),
      );
    }),
  );
  return found.flat().filter((drill) => drill !== undefined);
}

/** Undefined for what is no run, was not watched by a remote, or injected nothing. */
async function earlierDrill(path: string): Promise<EarlierDrill | undefined> {
  const folder = runFolderAt(path);
  try {
    const text = await readFile(join(folder.path, 'experiment.json'), 'utf8');
    const { telemetry } = JSON.parse(text) as Experiment;
    if (!telemetry.prometheus) return undefined;
    const events = readTimeline(folder.timeline);
    if (!events.some(({ type }) => type === 'fault.injected')) return undefined;
    const ends = events.filter(({ type }) => type === 'fault.undone' || type === 'fault.spent');
    const last = ends.at(-1) ?? events.at(-1)!;
    return { run: folder.id, source: telemetry.prometheus.url, faultEndedAt: last.at };
  } catch {
    // Somebody else's folder, or a run that never began.
    return undefined;
  }
}
