// `--target NAME=process:port:8080,label=app=web,namespace=shop`: a target that is declared on the command line, in the
// place of one of the file or beside them. Labels and namespace are what selectors see of it.

import type { Diagnostic } from '../../base/diagnostics.ts';
import { splitAddress } from '../../base/scalars.ts';
import type { Parsed, YamlDocument } from '../../base/yaml.ts';
import { type Applied, argumentError, deepCopy, withArguments } from './arguments.ts';
import { name as nameSchema } from './scalars.ts';

interface TargetOption {
  readonly name: string;
  /** As it would stand in the file. */
  readonly fields: TargetKindFields & {
    readonly labels?: Readonly<Record<string, string>>;
    readonly namespace?: string;
  };
}

type TargetKindFields =
  | { readonly process: { readonly port: number } | { readonly pid: number } }
  | { readonly proxy: { readonly listen: string; readonly upstream: string } }
  | { readonly container: { readonly name: string } }
  | { readonly host: Readonly<Record<string, never>> };

const expected =
  'NAME=process:port:8080, NAME=process:pid:123, NAME=container:NAME, NAME=proxy:LISTEN>UPSTREAM or NAME=host, with ,label=KEY=VALUE and ,namespace=NAME behind it where a selector asks for them';

/** Reads the argument of one `--target`. */
function parseTargetOption(text: string): Parsed<TargetOption> {
  const [, name = '', written = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  const fields = nameSchema.safeParse(name).success ? parseFields(written) : undefined;
  if (fields) return { ok: true, value: { name, fields } };
  const message = `${JSON.stringify(text)} is no target`;
  return { ok: false, diagnostics: [argumentError('--target', text, message, text.length, expected)] };
}

function parseFields(text: string): TargetOption['fields'] | undefined {
  const [kind = '', ...details] = text.split(/,(?=label=|namespace=)/);
  const fields = parseKind(kind);
  const labels = new Map<string, string>();
  const namespaces: string[] = [];
  for (const detail of details) {
    const [, label, value, namespace] = /^(?:label=([^=,]+)=([^,]*)|namespace=([^,]+))$/.exec(detail) ?? [];
    if (label !== undefined && value !== undefined) labels.set(label, value);
    else if (namespace !== undefined && nameSchema.safeParse(namespace).success) namespaces.push(namespace);
    else return undefined;
  }
  if (!fields || namespaces.length > 1) return undefined;
  return {
    ...fields,
    ...(labels.size > 0 && { labels: Object.fromEntries(labels) }),
    ...(namespaces[0] !== undefined && { namespace: namespaces[0] }),
  };
}

function parseKind(text: string): TargetKindFields | undefined {
  if (text === 'host') return { host: {} };
  const [, by, digits] = /^process:(port|pid):(\d{1,9})$/.exec(text) ?? [];
  const number = Number(digits);
  if (by === 'port' && number >= 1 && number <= 65_535) return { process: { port: number } };
  if (by === 'pid' && number >= 1) return { process: { pid: number } };
  const container = /^container:([A-Za-z0-9][A-Za-z0-9_.-]*)$/.exec(text)?.[1];
  if (container !== undefined) return { container: { name: container } };
  const [, listen = '', upstream = ''] = /^proxy:([^>]+)>([^>]+)$/.exec(text) ?? [];
  if (!splitAddress(listen) || !splitAddress(upstream)?.port) return undefined;
  return { proxy: { listen, upstream } };
}

/**
 * The experiment with these targets; one that is there already keeps its labels and its namespace. `areStandIns`: one
 * that says nothing of either is meant for whatever the file's selectors choose.
 */
export function applyTargets(
  document: YamlDocument,
  options: readonly string[],
  areStandIns = false,
): Parsed<YamlDocument> {
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
    const { process, proxy, container, host, ...kept } = (holder.targets[name] ?? {}) as Record<
      string,
      unknown
    >;
    const isMute = areStandIns && !fields.labels && fields.namespace === undefined;
    holder.targets[name] = { ...kept, ...fields, ...(isMute && { anySelector: true }) };
    const kind = ['process', 'proxy', 'container', 'host'].find((key) => key in fields)!;
    applied.push({
      path: [...holder.path, name, kind],
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
