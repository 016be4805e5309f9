// A label set: immutable, sorted by name (byte order of the names), compared and hashed by one canonical key.
// An empty value is the same as no label, as in Prometheus.

export type LabelRecord = Readonly<Record<string, string>>;

export const metricName = '__name__';

export class Labels {
  static readonly empty = new Labels([]);

  /** Sorted [name, value] pairs, values never empty. */
  readonly pairs: readonly (readonly [string, string])[];
  #key: string | undefined;

  private constructor(pairs: readonly (readonly [string, string])[]) {
    this.pairs = pairs;
  }

  static from(source: LabelRecord | Iterable<readonly [string, string]>): Labels {
    const entries =
      Symbol.iterator in source
        ? [...(source as Iterable<readonly [string, string]>)]
        : Object.entries(source);
    const byName = new Map<string, string>();
    for (const [name, value] of entries) byName.set(name, value);
    const pairs = [...byName].filter(([, value]) => value !== '');
    if (pairs.length === 0) return Labels.empty;
    pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    return new Labels(pairs);
  }

  /** The value, or '' when the label is absent. */
  get(name: string): string {
    for (const pair of this.pairs) if (pair[0] === name) return pair[1];
    return '';
  }

  has(name: string): boolean {
    return this.get(name) !== '';
  }

  get name(): string {
    return this.get(metricName);
  }

  /** Unique text for this set; equal sets have equal keys. */
  get key(): string {
    this.#key ??= this.pairs.map(([name, value]) => `${name}\u0000${value}`).join('\u0001');
    return this.#key;
  }

  equals(other: Labels): boolean {
    return this.key === other.key;
  }

  /** A copy with these labels set; an empty value removes the label. */
  with(changes: LabelRecord): Labels {
    const kept = this.pairs.filter(([name]) => !Object.hasOwn(changes, name));
    return Labels.from([...kept, ...Object.entries(changes)]);
  }

  without(...names: string[]): Labels {
    if (!names.some((name) => this.has(name))) return this;
    return new Labels(this.pairs.filter(([name]) => !names.includes(name)));
  }

  keep(names: readonly string[]): Labels {
    return new Labels(this.pairs.filter(([name]) => names.includes(name)));
  }

  toRecord(): Record<string, string> {
    return Object.fromEntries(this.pairs);
  }

  /** As Prometheus prints it: `up{instance="a", job="b"}`; `{}` when empty. */
  toString(): string {
    const rest = this.pairs.filter(([name]) => name !== metricName);
    const body = rest.map(([name, value]) => `${quoteName(name)}=${quoteString(value)}`).join(', ');
    const bare = this.name === '' || isLegacyName(this.name) ? this.name : '';
    if (this.name !== '' && bare === '')
      return `{${[quoteString(this.name), body].filter(Boolean).join(', ')}}`;
    return rest.length === 0 && bare !== '' ? bare : `${bare}{${body}}`;
  }
}

/** Order of two label sets as Prometheus sorts them: pair by pair, name before value, shorter first. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.pairs.length, b.pairs.length);
  for (let i = 0; i < length; i++) {
    const [nameA, valueA] = a.pairs[i]!;
    const [nameB, valueB] = b.pairs[i]!;
    if (nameA !== nameB) return nameA < nameB ? -1 : 1;
    if (valueA !== valueB) return valueA < valueB ? -1 : 1;
  }
  return a.pairs.length - b.pairs.length;
}

const legacyNamePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const legacyLabelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A metric name that needs no quotes. */
export function isLegacyName(name: string): boolean {
  return legacyNamePattern.test(name);
}

function quoteName(name: string): string {
  return legacyLabelPattern.test(name) ? name : quoteString(name);
}

/** A double-quoted string with Go's escapes for the characters that need one. */
export function quoteString(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === '\\') out += `\\${char}`;
    else if (char === '\n') out += '\\n';
    else if (char === '\t') out += '\\t';
    else if (char === '\r') out += '\\r';
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `${out}"`;
}
