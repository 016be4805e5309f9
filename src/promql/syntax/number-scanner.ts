// Where a number or a duration ends. Both are greedy and may stop in the middle with an error; how far they read then
// is part of the error message, so the scanners follow Prometheus character by character.

export interface Scanned {
  readonly ok: boolean;
  readonly end: number;
}

const decimalDigits = '0123456789';
const hexDigits = '0123456789abcdefABCDEF';

/** A number from `start`: decimal, hexadecimal, with exponent, underscores between digits. */
export function scanNumber(text: string, start: number): Scanned {
  let position = start;
  const at = (set: string) => position < text.length && set.includes(text[position]!);
  const accept = (set: string) => at(set) && ++position > 0;
  let digits = decimalDigits;
  if (accept('0') && accept('xX')) {
    accept('_');
    digits = hexDigits;
  }
  accept('.');
  accept(digits);
  let dot = false;
  let exponent = false;
  const fail = (): Scanned => ({ ok: false, end: position });
  while (at(`${digits}._eE`)) {
    if (dot && accept('.')) return fail();
    if (exponent && accept('eE')) return fail();
    if (accept('.')) {
      dot = true;
      if (accept('_.') || digits === hexDigits) return fail();
    } else if (accept('eE')) {
      exponent = true;
      accept('+-');
      if (accept('._eE') || position >= text.length) return fail();
    } else if (accept('_')) {
      if (accept('._eE') || position >= text.length) return fail();
    } else {
      while (accept(digits));
    }
  }
  return { ok: position > start && !isWordChar(text[position]), end: position };
}

/** A duration whose first digits end before `position`: units and further digits. */
export function scanDuration(text: string, from: number): Scanned {
  let position = from;
  const accept = (set: string) => position < text.length && set.includes(text[position]!) && ++position > 0;
  const fail = (): Scanned => ({ ok: false, end: position });
  if (!accept('smhdwy')) return fail();
  accept('s');
  while (accept(decimalDigits)) {
    while (accept(decimalDigits));
    if (!accept('smhdw')) return fail();
    accept('s');
  }
  if (!isWordChar(text[position])) return { ok: true, end: position };
  return { ok: false, end: position + 1 };
}

function isWordChar(char: string | undefined): boolean {
  return char !== undefined && /\w/.test(char);
}
