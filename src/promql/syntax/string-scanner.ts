// Where a string literal ends, and whether its escapes are right.

export type ScannedString = { readonly end: number } | { readonly problem: string };

/** The literal whose opening quote stands at `start`; `end` is after its closing quote. */
export function checkString(text: string, start: number): ScannedString {
  const mark = text[start]!;
  let position = start + 1;
  for (;;) {
    const code = text.codePointAt(position);
    if (code === undefined) {
      return { problem: mark === '`' ? 'unterminated raw string' : 'unterminated quoted string' };
    }
    // Bytes that are not UTF-8 reach us as U+FFFD or as lone surrogates.
    if (code === 0xfffd || (code >= 0xd800 && code < 0xe000)) return { problem: 'invalid UTF-8 rune' };
    const char = String.fromCodePoint(code);
    position += char.length;
    if (char === mark) return { end: position };
    if (mark === '`') continue;
    if (char === '\n') return { problem: 'unterminated quoted string' };
    if (char !== '\\') continue;
    const scanned = checkEscape(text, position, mark);
    if ('problem' in scanned) return scanned;
    position = scanned.end;
  }
}

const numericEscapes: Readonly<Record<string, readonly [digits: number, base: number, max: number]>> = {
  x: [2, 16, 255],
  u: [4, 16, 0x10ffff],
  U: [8, 16, 0x10ffff],
};

/** An escape after its backslash. */
function checkEscape(text: string, start: number, mark: string): ScannedString {
  const char = text[start];
  if (char === undefined) return { problem: 'escape sequence not terminated' };
  if ('abfnrtv\\'.includes(char) || char === mark) return { end: start + 1 };
  const octal = /[0-7]/.test(char);
  const numeric = octal ? ([3, 8, 255] as const) : numericEscapes[char];
  if (!numeric) return { problem: `unknown escape sequence ${unicodeName(text, start)}` };
  const [digits, base, max] = numeric;
  const from = octal ? start : start + 1;
  let value = 0;
  for (let i = from; i < from + digits; i++) {
    if (i >= text.length) return { problem: 'escape sequence not terminated' };
    const digit = Number.parseInt(text[i]!, base);
    if (Number.isNaN(digit)) {
      return { problem: `illegal character ${unicodeName(text, i)} in escape sequence` };
    }
    value = value * base + digit;
  }
  if (value > max || (value >= 0xd800 && value < 0xe000)) {
    return { problem: 'escape sequence is an invalid Unicode code point' };
  }
  return { end: from + digits };
}

/** A character as Go's %#U prints it: `U+0063 'c'`. */
function unicodeName(text: string, offset: number): string {
  const code = text.codePointAt(offset)!;
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(code)}'`;
}
