// Small mistakes in a document: a key that is gone, mistyped or of another type, a word that nobody knows, a number out
// of bounds. Each is made at each place of the document where it can be.

export interface Mutation {
  /** `drop spec.selector`. */
  readonly what: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

type Path = readonly (string | number)[];

export function mutationsOf(spec: Readonly<Record<string, unknown>>): Mutation[] {
  const found: Mutation[] = [];
  const add = (verb: string, path: Path, value: unknown, key?: string) => {
    const what = `${verb} spec${path.map((each) => (typeof each === 'number' ? `[${each}]` : `.${each}`)).join('')}`;
    const mutated = structuredClone(spec) as Record<string, unknown>;
    change(mutated, key === undefined ? path : [...path, key], value);
    found.push({ what, spec: mutated });
  };
  visit(spec, [], (value, path) => {
    if (path.length > 0) {
      add('drop', path, undefined);
      for (const other of othersThan(value)) add(`turn into ${JSON.stringify(other)}`, path, other);
    }
    if (isMapping(value)) add('add a key to', path, 1, 'zzUnknown');
  });
  return found;
}

function othersThan(value: unknown): unknown[] {
  if (typeof value === 'string') return [7, true, {}, [], 'no-such-word', ''];
  if (typeof value === 'number') return ['7', true, {}, -1, 1.5, 2 ** 40, 0];
  if (typeof value === 'boolean') return ['true', 1];
  return Array.isArray(value) ? ['text', {}, [7]] : ['text', [], 7];
}

function visit(value: unknown, path: Path, look: (value: unknown, path: Path) => void): void {
  look(value, path);
  if (Array.isArray(value)) for (const [index, each] of value.entries()) visit(each, [...path, index], look);
  else if (isMapping(value))
    for (const [key, each] of Object.entries(value)) visit(each, [...path, key], look);
}

/** Undefined takes the key or the entry away. */
function change(root: Record<string, unknown>, path: Path, value: unknown): void {
  let holder: unknown = root;
  for (const step of path.slice(0, -1)) holder = (holder as Record<string | number, unknown>)[step];
  const last = path.at(-1)!;
  if (value !== undefined) (holder as Record<string | number, unknown>)[last] = value;
  else if (Array.isArray(holder)) holder.splice(Number(last), 1);
  else delete (holder as Record<string | number, unknown>)[last];
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
