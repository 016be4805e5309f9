// The SLOs that objectives name, `file.yaml#name`, in any format that has a reader. They are read and checked with the
// experiment.

import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { YamlPath } from '../../base/yaml.ts';
import type { SimpleObjective } from '../../slo/objective.ts';
import { type ObjectiveFile, readObjectives } from '../../slo/read.ts';
import type { ReadObjectives, SloFeature } from '../../slo/reader.ts';
import { sloFeatures } from './features.ts';
import type { Parts } from './parts.ts';
import type { Reading } from './reading.ts';
import type { Files } from './telemetry-files.ts';

/** By reference, as the experiment writes it. */
export type Slos = ReadonlyMap<string, SimpleObjective>;

export async function readSlos(reading: Reading, parts: Parts, files: Files, folder: string): Promise<Slos> {
  const slos = new Map<string, SimpleObjective>();
  const features = sloFeatures(parts.telemetry?.features);
  const known = new Map<string, ReadObjectives | undefined>();
  for (const { path, value } of parts.objectives) {
    if (value.slo === undefined) continue;
    const at = [...path, 'slo'];
    const [file = '', id = ''] = value.slo.split('#');
    if (!known.has(file))
      known.set(file, await readFileOrFolder(reading, { files, folder, features }, file, at));
    const read = known.get(file);
    const slo = read && find(reading, read, id, at);
    if (slo) slos.set(value.slo, slo);
  }
  return slos;
}

interface Surroundings {
  readonly files: Files;
  /** Of the experiment. */
  readonly folder: string;
  readonly features: ReadonlySet<SloFeature>;
}

/** A folder stands for all its files, so that references between them are followed. */
async function readFileOrFolder(
  reading: Reading,
  { files, folder, features }: Surroundings,
  path: string,
  at: YamlPath,
): Promise<ReadObjectives | undefined> {
  const shown = isAbsolute(path) ? path : join(dirname(reading.document.file), path);
  let texts: readonly ObjectiveFile[];
  try {
    const inFolder = await files.list?.(resolve(folder, path));
    texts = await Promise.all(
      (inFolder ?? ['']).map(async (name) => ({
        file: join(shown, name),
        text: await files.read(resolve(folder, path, name)),
      })),
    );
  } catch (error) {
    const reason = String(error).includes('ENOENT') ? 'is not there' : 'cannot be read';
    reading.error('FD101', `${shown} ${reason}`, at, { expected: 'a file that can be read' });
    return undefined;
  }
  const read = readObjectives(texts, { features });
  reading.diagnostics.push(...read.diagnostics);
  return read;
}

function find(
  reading: Reading,
  { objectives, diagnostics }: ReadObjectives,
  id: string,
  at: YamlPath,
): SimpleObjective | undefined {
  const found = objectives.find((objective) => objective.id === id);
  if (found?.kind === 'simple') return found;
  if (found)
    reading.error('FD851', `${JSON.stringify(id)} is a composite: it has no indicator of its own`, at, {
      expected: 'an SLO with one indicator; list those of the parts one by one',
    });
  // What is wrong in the file is told there, and may be why the name is missing.
  else if (diagnostics.every(({ severity }) => severity === 'warning'))
    reading.undefinedName(
      'SLO that can be evaluated',
      id,
      objectives.map((objective) => objective.id),
      at,
    );
  return undefined;
}
