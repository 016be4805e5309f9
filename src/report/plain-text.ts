// Label values, URLs and error messages come from other programs. Control characters in them could move a terminal's
// cursor, and direction marks could make a text read as another; both are shown instead of obeyed.

const obeyed = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g;

/** One line of visible text: `\x1b`, `\u202e` and their like are written out; line breaks and tabs become spaces. */
export function visible(text: string): string {
  return text.replaceAll('\r\n', ' ').replace(obeyed, (char) => {
    if (char === '\n' || char === '\t' || char === '\r') return ' ';
    return escapeOf(char);
  });
}

/** The same for a text of several lines. */
export function visibleLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(obeyed, (char) => (char === '\n' || char === '\t' ? char : escapeOf(char)));
}

function escapeOf(char: string): string {
  const code = char.codePointAt(0)!;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
