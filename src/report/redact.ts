// Takes secrets out of what is about to be written. It works on texts before they are escaped for HTML, XML or
// Markdown, because an escaped secret (`a&amp;b`) would no longer look like itself.

const replacement = '<redacted>';

/** A shorter secret is replaced only where it stands alone: `1` must not tear every number and word apart. */
const anywhereLengthMin = 4;

/** `text` with every secret replaced by `<redacted>`; the longest first, so that no secret's rest is left over. */
export function redact(text: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return text;
  let out = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret === '' || !out.includes(secret)) continue;
    out = secret.length < anywhereLengthMin ? redactWord(out, secret) : out.replaceAll(secret, replacement);
  }
  return out;
}

function redactWord(text: string, secret: string): string {
  const escaped = secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'gu'), replacement);
}

/**
 * Fields that hold our own closed vocabulary. They are left alone: a password `pass` must not turn the verdict `pass`
 * into something that no reader of the file knows.
 */
const vocabularyFields = new Set([
  'detection',
  'expect',
  'judgement',
  'kind',
  'operator',
  'outcome',
  'phase',
  'resilience',
  'status',
  'type',
  'verdict',
  'why',
]);

/** A deep copy of plain data with every string, and every key of a label set, redacted. */
export function redactAll<T>(value: T, secrets: readonly string[]): T {
  return secrets.length === 0 ? value : (redactUnknown(value, secrets) as T);
}

function redactUnknown(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return redact(value, secrets);
  if (Array.isArray(value)) return value.map((item) => redactUnknown(item, secrets));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      vocabularyFields.has(key) && typeof item === 'string' ? item : redactUnknown(item, secrets),
    ]),
  );
}
