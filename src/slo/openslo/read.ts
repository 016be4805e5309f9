// OpenSLO: v1 whole, v1alpha as other tools read it, v2alpha behind a flag.
// https://github.com/OpenSLO/OpenSLO
//
//     documents -> objects, each checked by itself -> definitions -> references followed -> objectives

import { byPlace } from '../../base/diagnostics.ts';
import type { YamlDocument } from '../../base/yaml.ts';
import type { ObjectiveReader, ReaderOptions, ReadObjectives } from '../reader.ts';
import { assemble } from './assembly.ts';
import { Findings } from './findings.ts';
import { readObjects } from './objects.ts';
import { isMapping } from './scalars.ts';

export const openSlo: ObjectiveReader = { title: 'OpenSLO (apiVersion: openslo/v1)', isOne, read };

/** Also lists of objects, where one says what it is. */
function isOne(value: unknown): boolean {
  const objects: readonly unknown[] = Array.isArray(value) ? value : [value];
  return objects.some((each) => isMapping(each) && /^openslo(\.com)?\//.test(String(each.apiVersion)));
}

function read(documents: readonly YamlDocument[], options: ReaderOptions): ReadObjectives {
  const findings = new Findings();
  const definitions = documents.flatMap((document) => readObjects(document, options, findings));
  const objectives = assemble(definitions, findings);
  const files = [...new Set(documents.map(({ file }) => file))];
  const diagnostics = findings.diagnostics.sort(
    (a, b) => files.indexOf(a.at?.file ?? '') - files.indexOf(b.at?.file ?? '') || byPlace(a, b),
  );
  return { objectives, diagnostics };
}
