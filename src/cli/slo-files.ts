// Files and folders with objectives, as the commands about them name them.

import { UserError } from '../base/diagnostics.ts';
import type { Objective } from '../slo/objective.ts';
import { readObjectives } from '../slo/read.ts';
import { showDiagnostics } from './failure.ts';
import { mixedFeatures } from './features.ts';
import { namedFiles } from './named-files.ts';
import { readUserFile } from './surroundings.ts';

/** All of them read together. Warnings are shown; throws a UserError with every mistake when there is one. */
export async function readSloFiles(
  paths: readonly string[],
  enableFeature: readonly string[] | undefined,
): Promise<readonly Objective[]> {
  const named = await namedFiles(paths);
  const texts = await Promise.all(named.map(async ({ file }) => ({ file, text: await readUserFile(file) })));
  const { objectives, diagnostics } = readObjectives(texts, { features: mixedFeatures(enableFeature).slo });
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new UserError(diagnostics);
  showDiagnostics(diagnostics);
  if (objectives.length === 0)
    throw UserError.of('FD107', 'the files hold no objective', { expected: 'an SLO' });
  return objectives;
}
