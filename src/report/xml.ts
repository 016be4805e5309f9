// Text and attributes of XML, from strings that anyone may have written.

import { visibleLines } from './plain-text.ts';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

/** Half of a surrogate pair, and the two code points that XML 1.0 forbids beside the control characters. */
const notXml = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\ufffe\uffff]/g;

/** Text between tags. */
export function escaped(text: string): string {
  return visibleLines(text)
    .replace(notXml, '\ufffd')
    .replace(/[&<>]/g, (char) => entities[char]!);
}

/** An attribute's value with its quotes; line breaks survive attribute normalisation as references. */
export function quoted(text: string): string {
  return `"${visibleLines(text)
    .replace(notXml, '\ufffd')
    .replace(/[&<>"\n\t]/g, (char) => entities[char]!)}"`;
}
