// Files with objectives are checked together, because one may name what another defines.

import type { Diagnostic } from '../base/diagnostics.ts';
import { readObjectives } from '../slo/read.ts';
import type { SloFeature } from '../slo/reader.ts';
import { readUserFile } from './surroundings.ts';

/** By file, in the order of the files: what is wrong in each when all of them are read. */
export async function checkObjectives(
  files: readonly string[],
  features: ReadonlySet<SloFeature>,
): Promise<ReadonlyMap<string, readonly Diagnostic[]>> {
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await readUserFile(file) })));
  const { diagnostics } = readObjectives(texts, { features });
  // What has no place is of the whole; it stands with the first file.
  const isOf = (file: string, { at }: Diagnostic): boolean => (at ? at.file : files[0]) === file;
  return new Map(files.map((file) => [file, diagnostics.filter((diagnostic) => isOf(file, diagnostic))]));
}
