import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { openJournal, print, printJson } from '../surroundings.ts';

export interface StopOptions {
  readonly all?: boolean;
  readonly output: 'text' | 'json';
}

/** Longer than any undo of ours takes; a run that needs more goes on ending by itself. */
const limitMs = 30_000;

export async function stop(run: string | undefined, options: StopOptions): Promise<number> {
  const { runs } = openJournal();
  if (!run && !options.all) throw UserError.of('FD804', 'which run? Name one, or say --all');
  const ids = run ? [run] : (await runs.live()).map((record) => record.run);
  const stopped = await Promise.all(
    ids.map(async (id) => ({
      run: id,
      outcome: await runs.requestStop(id, { limitMs, clock: systemClock }),
    })),
  );
  if (options.output === 'json') printJson({ runs: stopped });
  else
    print(
      stopped.length === 0
        ? 'no run is alive'
        : stopped
            .map(({ run: id, outcome }) => `${outcome === 'stopped' ? 'stopped ' : 'stopping'} ${id}`)
            .join('\n'),
    );
  return stopped.every(({ outcome }) => outcome === 'stopped') ? exitCodes.pass : exitCodes.toolError;
}
