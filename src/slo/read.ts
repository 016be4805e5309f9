// From the texts of files, in any format that has a reader, to objectives. All files are read together: references
// and names hold over all of them, and every mistake of every file is told.

import type { Diagnostic, Place } from '../base/diagnostics.ts';
import { parseYamlDocuments, type YamlDocument } from '../base/yaml.ts';
import type { Objective } from './objective.ts';
import { openSlo } from './openslo/read.ts';
import { pyrra } from './pyrra/read.ts';
import type { ObjectiveReader, ReaderOptions, ReadObjectives } from './reader.ts';
import { sloth } from './sloth/read.ts';

/** One line a format. */
const readers: readonly ObjectiveReader[] = [openSlo, sloth, pyrra];

export interface ObjectiveFile {
  /** As the user named it. */
  readonly file: string;
  readonly text: string;
}

/** Whether a document says of itself that it holds objectives, or a part of one, in a format that has a reader. */
export function isOfObjectives(value: unknown): boolean {
  return readers.some((reader) => reader.isOne(value));
}

export function readObjectives(files: readonly ObjectiveFile[], options: ReaderOptions): ReadObjectives {
  const diagnostics: Diagnostic[] = [];
  const documents: YamlDocument[] = [];
  for (const { file, text } of files) {
    const parsed = parseYamlDocuments(file, text);
    if (parsed.ok) documents.push(...parsed.value);
    else diagnostics.push(...parsed.diagnostics);
  }
  const objectives: Objective[] = [];
  for (const reader of readers) {
    const own = documents.filter(({ value }) => reader.isOne(value));
    if (own.length === 0) continue;
    const read = reader.read(own, options);
    objectives.push(...read.objectives);
    diagnostics.push(...read.diagnostics);
  }
  const unknown = documents.filter(({ value }) => !isOfObjectives(value));
  diagnostics.push(...unknown.map(notOfObjectives), ...repeatedIds(objectives));
  return { objectives, diagnostics };
}

function notOfObjectives(document: YamlDocument): Diagnostic {
  return {
    code: 'FD109',
    severity: 'error',
    message: 'this document holds no objective of a format that is known',
    at: document.placeOf([]),
    expected: readers.map(({ title }) => title).join(', '),
  };
}

/** Names of one format against those of another; each reader knows what its own format wants to be unique. */
function repeatedIds(objectives: readonly Objective[]): Diagnostic[] {
  const first = new Map<string, Place>();
  return objectives.flatMap(({ id, origin }): Diagnostic[] => {
    const before = first.get(id);
    if (!before) first.set(id, origin.place);
    if (!before || before === origin.place) return [];
    return [
      {
        code: 'FD111',
        severity: 'error',
        message: `the objective ${JSON.stringify(id)} is there twice; the first is in ${before.file}:${before.line}`,
        at: origin.place,
      },
    ];
  });
}
