// Keeps secrets out of everything that is written: reports, logs, notifications on disk, messages. A secret is known
// by its value, because it may turn up anywhere, also inside a longer text or percent-encoded in an address.
//
// How sure a match is depends on its length. A value of `anywhereMin` characters or more is replaced wherever it
// stands. A shorter one is replaced only as a whole word, so that the port 8080 does not tear holes into other
// numbers. Below `wordMin` a value is no secret that could be searched for (`1`, `on`, `""`): replacing it would
// destroy the text and hide nothing; in the experiment itself such values are still removed by their position.

export const redacted = '<redacted>';

const wordMin = 4;
const anywhereMin = 8;

/** The text with every secret replaced, longest first, so that no part of a longer secret is left behind. */
export function redact(text: string, secrets: readonly string[]): string {
  const pattern = secretPattern(secrets);
  return pattern ? text.replace(pattern, redacted) : text;
}

/**
 * A copy of plain data with every string in it redacted. Keys and numbers stay, so that JSON stays readable to what
 * reads it; so do the values of the keys in `vocabulary`, which hold words of ours (`verdict: pass`) and never a
 * secret, even when somebody's password is `pass`.
 */
export function redactDeep<T>(value: T, secrets: readonly string[], vocabulary?: ReadonlySet<string>): T {
  const pattern = secretPattern(secrets);
  if (!pattern) return value;
  const walk = (part: unknown): unknown => {
    if (typeof part === 'string') return part.replace(pattern, redacted);
    if (Array.isArray(part)) return part.map(walk);
    if (part === null || typeof part !== 'object') return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, inner]) => [
        key,
        typeof inner === 'string' && vocabulary?.has(key) ? inner : walk(inner),
      ]),
    );
  };
  return walk(value) as T;
}

function secretPattern(secrets: readonly string[]): RegExp | undefined {
  const forms = new Set(secrets.filter((secret) => secret.trim().length >= wordMin).flatMap(writtenForms));
  if (forms.size === 0) return undefined;
  const alternatives = [...forms]
    .sort((a, b) => b.length - a.length)
    .map((form) => {
      const literal = form.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
      return form.length >= anywhereMin ? literal : `(?<![A-Za-z0-9_])${literal}(?![A-Za-z0-9_])`;
    });
  return new RegExp(alternatives.join('|'), 'g');
}

/** As it is, as part of an address, and inside a JSON string. */
function writtenForms(secret: string): string[] {
  return [
    secret,
    encodeURIComponent(secret.replace(/\p{Cs}/gu, '\ufffd')),
    JSON.stringify(secret).slice(1, -1),
  ];
}
