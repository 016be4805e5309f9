// How many columns a text takes on a terminal, and how it is cut and wrapped to fit.

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** East Asian wide and full-width characters and emoji, in blocks (Unicode Annex 11). */
const wide =
  /[\u1100-\u115f\u231a\u231b\u23e9-\u23ec\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1faff}\u{20000}-\u{3fffd}]/u;

const plainAscii = /^[\x20-\x7e]*$/;

export function textWidth(text: string): number {
  if (plainAscii.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  // The variation selector 16 asks for the emoji form of a character, which is wide.
  return wide.test(grapheme) || grapheme.includes('\ufe0f') ? 2 : 1;
}

/** `text` in exactly `width` columns: padded with spaces, or cut with an ellipsis. */
export function fitted(text: string, width: number): string {
  const cut = truncated(text, width);
  return cut + ' '.repeat(Math.max(0, width - textWidth(cut)));
}

/** `text` in at most `width` columns; what is cut off shows as an ellipsis. */
export function truncated(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    const size = graphemeWidth(segment);
    if (used + size > width - 1) break;
    out += segment;
    used += size;
  }
  return width < 1 ? '' : `${out}…`;
}

/** Lines of at most `width` columns, broken between words; a word that is wider by itself is broken inside. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => pieces(part, width))) {
    if (line === '') line = word;
    else if (textWidth(line) + 1 + textWidth(word) <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines;
}

function pieces(word: string, width: number): string[] {
  if (textWidth(word) <= width) return [word];
  const list: string[] = [];
  let piece = '';
  for (const { segment } of segmenter.segment(word)) {
    if (piece !== '' && textWidth(piece) + graphemeWidth(segment) > width) {
      list.push(piece);
      piece = '';
    }
    piece += segment;
  }
  list.push(piece);
  return list;
}
