// The words and signs of an expression.

/** In the text of the expression, with its place in it. */
export class Mistake extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export interface Token {
  readonly text: string;
  readonly offset: number;
  readonly value?: number | string;
}

const pattern =
  /\s*(?:(?<number>(?:\d[\d_]*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<word>[A-Za-z_]\w*)|(?<sign>&&|\|\||\?\?|\*\*|[=!<>]=|[<>!()[\]{},#?:+\-*/%^]))/y;

export function tokens(text: string): Token[] {
  const found: Token[] = [];
  pattern.lastIndex = 0;
  while (text.slice(pattern.lastIndex).trim() !== '') {
    const from = pattern.lastIndex;
    const offset = from + /^\s*/.exec(text.slice(from))![0].length;
    const match = pattern.exec(text);
    if (!match?.groups) throw new Mistake('a character that has no meaning here', offset);
    const { number, string } = match.groups;
    const token = { text: match[0].trim(), offset };
    if (number !== undefined) found.push({ ...token, value: Number(number.replaceAll('_', '')) });
    else if (string !== undefined) found.push({ ...token, value: unquoted(string) });
    else found.push(token);
  }
  return found;
}

function unquoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };
  return text.slice(1, -1).replace(/\\(.)/gs, (_, character: string) => escapes[character] ?? character);
}
