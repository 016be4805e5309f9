// Go's string literals. PromQL strings are bytes: `"\xc5"` is a string that is not UTF-8. JavaScript strings cannot
// hold that, so each byte that does not decode stands as the lone surrogate U+DC00 + byte, and is quoted back as \xNN.

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
]);

/** Text of a literal that the lexer has accepted, quotes included. */
export function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  if (literal[0] === '`' || !body.includes('\\')) return body;
  const parts: (string | number)[] = [];
  let bytesOnly = false;
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== '\\') {
      parts.push(body[i]!);
      continue;
    }
    const letter = body[++i]!;
    const simple = simpleEscapes.get(letter);
    if (simple !== undefined) {
      parts.push(simple);
      continue;
    }
    const [length, base] = numericEscape(letter);
    const from = base === 8 ? i : i + 1;
    const code = Number.parseInt(body.slice(from, from + length), base);
    i = from + length - 1;
    const isByte = letter !== 'u' && letter !== 'U';
    bytesOnly ||= isByte && code >= 0x80;
    parts.push(isByte && code >= 0x80 ? code : String.fromCodePoint(code));
  }
  return bytesOnly ? decodeBytes(parts) : parts.join('');
}

function numericEscape(letter: string): [length: number, base: number] {
  if (letter === 'x') return [2, 16];
  if (letter === 'u') return [4, 16];
  if (letter === 'U') return [8, 16];
  return [3, 8];
}

function decodeBytes(parts: readonly (string | number)[]): string {
  // Text parts are joined first, so that a surrogate pair is encoded as one character.
  const chunks: Buffer[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    chunks.push(Buffer.from(text, 'utf8'), Buffer.from([part]));
    text = '';
  }
  const bytes = Buffer.concat([...chunks, Buffer.from(text, 'utf8')]);
  let out = '';
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes[i]!);
    const decoded = bytes.subarray(i, i + length).toString('utf8');
    if (length > 0 && !decoded.includes('\ufffd')) {
      out += decoded;
      i += length;
    } else {
      out += String.fromCharCode(0xdc00 + bytes[i]!);
      i++;
    }
  }
  return out;
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

/** Whether a string is well-formed and not empty: what Prometheus takes as a label name. */
export function isValidLabelName(name: string): boolean {
  return name !== '' && !/\p{Cs}/u.test(name);
}

const namedEscapes: ReadonlyMap<string, string> = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
]);

/** A Go literal of the text in double quotes, or for one character in single quotes. */
export function quote(text: string, mark: '"' | "'" = '"'): string {
  let out = mark as string;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    const named = namedEscapes.get(char);
    if (char === mark) out += `\\${mark}`;
    else if (named !== undefined) out += named;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\x${hex(code - 0xdc00, 2)}`;
    else if (isPrintable(char)) out += char;
    else if (code < 0x80) out += `\\x${hex(code, 2)}`;
    else out += code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  }
  return out + mark;
}

function isPrintable(char: string): boolean {
  return char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

const legacyLabelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A label's name as it stands in an expression: quoted where it needs it. */
export function quoteLabelName(name: string): string {
  return legacyLabelPattern.test(name) ? name : quote(name);
}
