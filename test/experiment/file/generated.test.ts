import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { brief, goodDrill, readDrill } from './drill.ts';

const root = new URL('../../..', import.meta.url).pathname;

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly { readonly then: JsonSchema }[];
}

const schema = JSON.parse(readFileSync(`${root}/schema/experiment.schema.json`, 'utf8')) as JsonSchema;

describe.each(['schema', 'errors'])('what scripts/%s.ts generates', (name) => {
  it('is committed as it would be written', () => {
    const run = spawnSync(process.execPath, ['--import', 'tsx', `scripts/${name}.ts`, '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
  });
});

describe('the JSON schema', () => {
  it('knows every key of the example, and refuses others', () => {
    expect(unknownKeys(parse(goodDrill), [schema])).toEqual([]);
    const drill = parse(goodDrill);
    drill.spec.faults[0].spec.patern = [];
    drill.spec.retries = 3;
    expect(unknownKeys(drill, [schema])).toEqual(['faults.spec.patern', 'retries']);
  });

  it('tells what each field is', () => {
    expect(undescribed(schema.properties!.spec!, 'spec')).toEqual([]);
  });

  it('lets the environment give a number or a choice', () => {
    const trials = schema.properties!.spec!.properties!.trials!;
    expect(trials.anyOf?.map((one) => one.type)).toEqual(['integer', 'string']);
  });
});

describe('docs/experiment.md', () => {
  const text = readFileSync(`${root}/docs/experiment.md`, 'utf8');

  it('tells of every field', () => {
    const told = (name: string) => new RegExp(`\`[^\`\\n]*\\b${name}\\b[^\`\\n]*\``).test(text);
    expect(fieldNames(schema.properties!.spec!).filter((name) => !told(name))).toEqual([]);
  });

  it('begins with an experiment that is right', async () => {
    const [, example] = /```yaml\n([\s\S]*?)```/.exec(text)!;
    expect(await brief(readDrill(example!))).toEqual([]);
  });
});

/** Every schema that may hold for the value itself. */
function alternatives(schemas: readonly JsonSchema[]): JsonSchema[] {
  return schemas.flatMap((one) => [
    one,
    ...alternatives(one.anyOf ?? []),
    ...alternatives((one.allOf ?? []).map((condition) => condition.then)),
  ]);
}

function unknownKeys(value: unknown, schemas: readonly JsonSchema[], path = ''): string[] {
  const candidates = alternatives(schemas);
  if (Array.isArray(value)) {
    const items = candidates.flatMap((one) => one.items ?? []);
    return value.flatMap((entry) => unknownKeys(entry, items, path));
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const next = candidates.flatMap((one) => one.properties?.[key] ?? []);
    const open = candidates
      .flatMap((one) => one.additionalProperties || [])
      .filter((one) => one.type !== undefined);
    const own = `${path}${path === '' ? '' : '.'}${key}`.replace(/^spec\./, '');
    if (next.length === 0 && open.length === 0) return [own];
    return unknownKeys(inner, next.length > 0 ? next : open, own);
  });
}

function undescribed(part: JsonSchema, path: string): string[] {
  const inner = Object.entries(part.properties ?? {}).flatMap(([key, field]) => [
    ...(field.description === undefined ? [`${path}.${key}`] : []),
    ...undescribed(field, `${path}.${key}`),
  ]);
  const nested = [
    ...(part.anyOf ?? []),
    ...(part.items ? [part.items] : []),
    ...(part.additionalProperties ? [part.additionalProperties] : []),
  ];
  return [...inner, ...nested.flatMap((one) => undescribed(one, path))];
}

function fieldNames(part: JsonSchema): string[] {
  const nested = [
    ...Object.values(part.properties ?? {}),
    ...(part.anyOf ?? []),
    ...(part.items ? [part.items] : []),
    ...(part.additionalProperties ? [part.additionalProperties] : []),
  ];
  return [...new Set([...Object.keys(part.properties ?? {}), ...nested.flatMap(fieldNames)])];
}
