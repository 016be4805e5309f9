// Lines that are longer than the terminal, continued below the text that they go on with.

import { textWidth, wrapped } from '../report/terminal/text-width.ts';

/** `    how:            what it does`: a word, its colon, and at least two spaces. */
const labelled = /^ *[a-z][a-z -]*: {2,}/;

/** Each line in at most `width` columns; colours are set after folding, as they would count as columns. */
export function folded(line: string, width: number): string[] {
  if (textWidth(line) <= width) return [line];
  const begin = labelled.exec(line)?.[0] ?? /^ */.exec(line)![0];
  const indent = begin.length + (begin.trim() === '' ? 2 : 0);
  const [first = '', ...rest] = wrapped(line.slice(begin.length), width - indent);
  return [`${begin}${first}`, ...rest.map((each) => ' '.repeat(indent) + each)];
}
