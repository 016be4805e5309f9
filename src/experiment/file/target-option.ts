// `--target NAME=process:port:8080`: a target that is declared on the command line, in the place of one of the file or
// beside them.

import type { Diagnostic } from '../../base/diagnostics.ts';
import { splitAddress } from '../../base/scalars.ts';
import type { Parsed, YamlDocument } from '../../base/yaml.ts';
import { type Applied, argumentError, deepCopy, withArguments } from './arguments.ts';
import { name as nameSchema } from './scalars.ts';

export interface TargetOption {
  readonly name: string;
  /** As it would stand in the file. */
  readonly fields:
    | { readonly process: { readonly port: number } | { readonly pid: number } }
    | { readonly proxy: { readonly listen: string; readonly upstream: string } };
}

const expected = 'NAME=process:port:8080, NAME=process:pid:123 or NAME=proxy:LISTEN>UPSTREAM';

/** Reads the argument of one `--target`. */
export function parseTargetOption(text: string): Parsed<TargetOption> {
  const [, name = '', written = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const fields = nameSchema.safeParse(name).success ? parseFields(written) : undefined;
  if (fields) return { ok: true, value: { name, fields } };
  const message = `${JSON.stringify(text)} is no target`;
  return { ok: false, diagnostics: [argumentError('--target', text, message, text.length, expected)] };
}

function parseFields(text: string): TargetOption['fields'] | undefined {
  const [, by, digits] = /^process:(port|pid):(\d{1,9})$/.exec(text) ?? [];
  const number = Number(digits);
  if (by === 'port' && number >= 1 && number <= 65_535) return { process: { port: number } };
  if (by === 'pid' && number >= 1) return { process: { pid: number } };
  const [, listen = '', upstream = ''] = /^proxy:([^>]+)>([^>]+)$/.exec(text) ?? [];
  if (!splitAddress(listen) || !splitAddress(upstream)?.port) return undefined;
  return { proxy: { listen, upstream } };
}

/** The experiment with these targets; one that is there already keeps its labels and its namespace. */
export function applyTargets(document: YamlDocument, options: readonly string[]): Parsed<YamlDocument> {
  const diagnostics: Diagnostic[] = [];
  const applied: Applied[] = [];
  const value = deepCopy(document.value);
  for (const text of options) {
    const option = parseTargetOption(text);
    if (!option.ok) {
      diagnostics.push(...option.diagnostics);
      continue;
    }
    const { name, fields } = option.value;
    const holder = targetHolder(value, name);
    if (!holder) continue;
    const { process, proxy, ...kept } = (holder.targets[name] ?? {}) as Record<string, unknown>;
    holder.targets[name] = { ...kept, ...fields };
    const [kind] = Object.keys(fields);
    applied.push({
      path: [...holder.path, name, kind!],
      argument: { option: '--target', text, value: fields, valueOffset: name.length + 1 },
    });
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  return { ok: true, value: withArguments(document, value, applied) };
}

type Mapping = Record<string, unknown>;

/** The mapping that holds a target's declaration; undefined when the file has no place for one, which its schema tells. */
function targetHolder(value: unknown, name: string): { path: string[]; targets: Mapping } | undefined {
  const spec = isMapping(value) ? value.spec : undefined;
  if (!isMapping(spec)) return undefined;
  if (name === 'target' && isMapping(spec.target)) return { path: ['spec'], targets: spec };
  // The short form becomes the long one, so that a second target may stand beside it.
  spec.targets ??= {};
  return isMapping(spec.targets) ? { path: ['spec', 'targets'], targets: spec.targets } : undefined;
}

function isMapping(value: unknown): value is Mapping {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
