// Where a character of a scalar's value stands in the source. A YAML scalar is written in one of five styles, and in
// each the value differs from the text: quotes, escapes, folded lines, indentation. A map from the value's characters
// to the source's is what lets an error inside an expression point into the file.
// Source of the rules: YAML 1.2.2, chapters 7.3 (flow scalars) and 8.1 (block scalars).

/**
 * Offset in `text` of each character (UTF-16 unit) of the value of the scalar that stands at [start, end), or undefined
 * when the walk does not arrive at the value that the parser gave.
 */
export function scalarOffsets(
  text: string,
  start: number,
  end: number,
  value: string,
): readonly number[] | undefined {
  const first = text[start];
  if (first === '|' || first === '>') {
    // Where the header states the indentation it counts from the parent's, which is not known here; the right one is
    // the one that gives the value.
    for (let indent = deepestIndent(text, start, end); indent >= 0; indent--) {
      const walk = new ScalarWalk(text, end);
      walk.block(start, first === '>', indent);
      const offsets = walk.offsetsOf(value);
      if (offsets) return offsets;
    }
    return undefined;
  }
  const walk = new ScalarWalk(text, end);
  if (first === '"') walk.flow(start + 1, 'double');
  else if (first === "'") walk.flow(start + 1, 'single');
  else walk.flow(start, 'plain');
  return walk.offsetsOf(value);
}

const escapes: Record<string, string> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};
const hexLengths: Record<string, number> = { x: 2, u: 4, U: 8 };

class ScalarWalk {
  #characters: string[] = [];
  #offsets: number[] = [];
  readonly #text: string;
  readonly #end: number;

  constructor(text: string, end: number) {
    this.#text = text;
    this.#end = end;
  }

  offsetsOf(value: string): readonly number[] | undefined {
    // The chomping of a block scalar only ever cuts line breaks at the end.
    const read = this.#characters.slice(0, value.length).join('');
    return read === value ? this.#offsets.slice(0, value.length) : undefined;
  }

  #push(characters: string, offset: number): void {
    for (const unit of characters.split('')) {
      this.#characters.push(unit);
      this.#offsets.push(offset);
    }
  }

  flow(start: number, style: 'plain' | 'single' | 'double'): void {
    const text = this.#text;
    // Characters up to here cannot be trimmed as white space before a line break: they were escaped.
    let kept = 0;
    for (let at = start; at < this.#end; ) {
      const char = text[at]!;
      if (style === 'double' && char === '"') return;
      if (style === 'single' && char === "'") {
        if (text[at + 1] !== "'") return;
        this.#push("'", at);
        at += 2;
      } else if (style === 'double' && char === '\\') {
        at = this.#escape(at);
        kept = this.#characters.length;
      } else if (char === '\n' || (char === '\r' && text[at + 1] === '\n')) {
        at = this.#foldedBreak(at, kept);
      } else {
        this.#push(char, at);
        at++;
      }
    }
  }

  /** Reads the escape that begins at `at`; returns where it ends. */
  #escape(at: number): number {
    const text = this.#text;
    const letter = text[at + 1] ?? '';
    const hexLength = hexLengths[letter];
    if (hexLength !== undefined) {
      const code = Number.parseInt(text.slice(at + 2, at + 2 + hexLength), 16);
      this.#push(code <= 0x10ffff ? String.fromCodePoint(code) : '', at);
      return at + 2 + hexLength;
    }
    if (letter === '\n' || letter === '\r') {
      // An escaped line break joins the lines; the next line's indentation, and empty lines' breaks, are its own.
      const lineEnd = text.indexOf('\n', at) + 1;
      return this.#skipEmptyLines(lineEnd, (offset) => this.#push('\n', offset));
    }
    this.#push(escapes[letter] ?? '', at);
    return at + 2;
  }

  /** One line break becomes a space, n more become n breaks; white space on both sides goes. */
  #foldedBreak(at: number, kept: number): number {
    while (this.#characters.length > kept && /[ \t]/.test(this.#characters.at(-1)!)) {
      this.#characters.pop();
      this.#offsets.pop();
    }
    let breaks = 0;
    const next = this.#skipEmptyLines(this.#text.indexOf('\n', at) + 1, (offset) => {
      breaks++;
      this.#push('\n', offset);
    });
    if (breaks === 0) this.#push(' ', at);
    return next;
  }

  /** From the start of a line to the first character that is not white space; tells the break of each empty line. */
  #skipEmptyLines(start: number, onBreak: (offset: number) => void): number {
    let at = start;
    for (; at < this.#end && /[ \t\r\n]/.test(this.#text[at]!); at++) {
      if (this.#text[at] === '\n') onBreak(at);
    }
    return at;
  }

  block(start: number, folded: boolean, indent: number): void {
    let previous: 'start' | 'text' | 'indented' | 'empty' = 'start';
    let beforeEmpty: 'start' | 'text' | 'indented' = 'start';
    for (const line of blockLines(this.#text, start, this.#end)) {
      const content = line.text.slice(indent);
      const kind = content === '' ? 'empty' : /^[ \t]/.test(content) ? 'indented' : 'text';
      if (folded && kind !== 'empty') this.#foldBefore(kind, previous, beforeEmpty);
      for (let i = 0; i < content.length; i++) this.#push(content[i]!, line.start + indent + i);
      this.#push('\n', line.start + line.text.length);
      if (kind !== 'empty') beforeEmpty = kind;
      previous = kind;
    }
  }

  /** In a folded block, the break between two ordinary lines becomes a space, or goes when empty lines follow it. */
  #foldBefore(
    kind: 'text' | 'indented',
    previous: 'start' | 'text' | 'indented' | 'empty',
    beforeEmpty: 'start' | 'text' | 'indented',
  ): void {
    if (kind !== 'text') return;
    if (previous === 'text') this.#characters[this.#characters.length - 1] = ' ';
    if (previous === 'empty' && beforeEmpty === 'text') {
      // The break that ended the last ordinary line stands before those of the empty lines.
      let first = this.#characters.length - 1;
      while (first > 0 && this.#characters[first - 1] === '\n') first--;
      this.#characters.splice(first, 1);
      this.#offsets.splice(first, 1);
    }
  }
}

/** The lines of a block scalar, without its header. */
function blockLines(text: string, start: number, end: number): { text: string; start: number }[] {
  const lines: { text: string; start: number }[] = [];
  const headerEnd = text.indexOf('\n', start);
  if (headerEnd < 0) return lines;
  for (let at = headerEnd + 1; at < end; ) {
    const newline = text.indexOf('\n', at);
    const lineEnd = newline < 0 || newline > end ? end : newline;
    lines.push({ text: text.slice(at, lineEnd).replace(/\r$/, ''), start: at });
    at = lineEnd + 1;
  }
  return lines;
}

const indentMax = 200;

function deepestIndent(text: string, start: number, end: number): number {
  const indents = blockLines(text, start, end).map((line) => /^ */.exec(line.text)![0].length);
  return indents.reduce((deepest, indent) => Math.max(deepest, Math.min(indent, indentMax)), 0);
}
